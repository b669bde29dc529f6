#include "merlon/http_client/exchange.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/net/wait.h"
#include "merlon/os/clock.h"

namespace merlon::http_client {

using core::ErrorCode;
using core::Result;

namespace {

core::Error unavailable(const char* what) noexcept {
  return core::error(ErrorCode::Unavailable, what);
}

bool is_clean(std::string_view text, bool spaces) noexcept {
  return std::ranges::all_of(text,
                             [&](char c) { return (c > ' ' && c < 0x7F) || (spaces && c == ' '); });
}

}  // namespace

Result<std::vector<std::uint8_t>> head_of(const Request& request, std::uint64_t size) {
  using base::concat;
  const bool fields = std::ranges::all_of(request.fields, [](const Field& each) {
    return !each.name.empty() && is_clean(each.name, false) &&
           each.name.find(':') == std::string::npos && is_clean(each.value, true);
  });
  if (request.method.empty() || !is_clean(request.method, false) || request.host.empty() ||
      !is_clean(request.host, false) || !request.path.starts_with('/') ||
      !is_clean(request.path, false) || !is_clean(request.content_type, true) ||
      !is_clean(request.accept, true) || !is_clean(request.authorization, true) || !fields) {
    return core::error(ErrorCode::Malformed, "a request that HTTP has no form for");
  }
  std::string head = concat(request.method, " ", request.path, " HTTP/1.1\r\nHost: ", request.host,
                            "\r\nConnection: ", request.keeps_connection ? "keep-alive" : "close",
                            "\r\nUser-Agent: merlon\r\n");
  if (!request.accept.empty()) head += concat("Accept: ", request.accept, "\r\n");
  if (!request.content_type.empty()) head += concat("Content-Type: ", request.content_type, "\r\n");
  if (!request.authorization.empty()) {
    head += concat("Authorization: ", request.authorization, "\r\n");
  }
  for (const Field& each : request.fields) head += concat(each.name, ": ", each.value, "\r\n");
  head += concat("Content-Length: ", size, "\r\n\r\n");
  return std::vector<std::uint8_t>(head.begin(), head.end());
}

std::string authority_of(std::string_view host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string_view::npos;
  const std::string named = brackets ? base::concat("[", host, "]") : std::string(host);
  constexpr std::uint16_t usual = 443;
  return port == usual ? named : base::concat(named, ":", port);
}

Result<std::vector<std::uint8_t>> to_bytes(const Request& request) {
  auto bytes = TRY(head_of(request, request.body.size()));
  bytes.insert(bytes.end(), request.body.begin(), request.body.end());
  return bytes;
}

/// The next piece of the body, if all before it is sent.
Result<void> Exchange::refill() {
  if (sent_ < request_.size() || source_.size == 0) return {};
  constexpr std::uint64_t piece = std::uint64_t{64} << 10U;
  request_.resize(static_cast<std::size_t>(std::min(source_.size, piece)));
  sent_ = 0;
  const std::size_t got = TRY(source_.read(request_));
  if (got == 0 || got > request_.size()) {
    return core::error(ErrorCode::Unavailable, "what is sent ends before its size");
  }
  request_.resize(got);
  source_.size -= got;
  return {};
}

/// Whether all of the request is on its way.
Result<bool> Exchange::send(net::Stream& stream) {
  TRY(refill());
  while (sent_ < request_.size()) {
    const std::array rest{::iovec{request_.data() + sent_, request_.size() - sent_}};
    const auto put = stream.send(rest);
    if (put) {
      sent_ += *put;
      moved_ += *put;
      TRY(refill());
    } else if (put.error() == os::Errno::Again) {
      return false;
    } else if (put.error() == os::Errno::Pipe || put.error() == os::Errno::Connreset) {
      sent_ = request_.size();  // it may have answered already, and then be gone
      source_.size = 0;
    } else if (put.error() != os::Errno::Intr) {
      return unavailable("the connection failed");
    }
  }
  stream.flush();
  return true;
}

Result<bool> Exchange::step(net::Stream& stream) {
  TRY(send(stream));
  std::array<std::uint8_t, 16384> room{};
  const std::array into{::iovec{room.data(), room.size()}};
  // An answer may come before all is sent: a refusal.
  while (!reader_.is_complete()) {
    const auto got = stream.receive(into, {});
    if (got && got->size > 0) {
      moved_ += got->size;
      TRY(reader_.take(core::ByteView(room).first(got->size)));
    } else if (got) {
      TRY(reader_.end());
    } else if (got.error() == os::Errno::Again) {
      return false;
    } else if (got.error() != os::Errno::Intr) {
      return unavailable("the connection failed");
    }
  }
  return true;
}

namespace {

/// Until it can send or hear something; false when `deadline` is over.
bool wait_for(const net::Stream& stream, net::Side side, std::uint64_t deadline) {
  if (side == net::Side::Read) return net::wait(stream, side, deadline);
  const auto now = os::now(os::Clock::Monotonic);
  if (!now || *now >= deadline) return false;
  const auto both =
      static_cast<short>(stream.awaits(net::Side::Read) | stream.awaits(net::Side::Write));
  std::array items{os::PollItem{stream.descriptor().number(), both, 0}};
  const auto left = std::chrono::nanoseconds(static_cast<std::int64_t>(deadline - *now));
  const auto ready = os::poll(items, left);
  return !ready || *ready > 0;
}

std::uint64_t after(std::chrono::nanoseconds time) {
  return net::deadline_after(static_cast<std::uint64_t>(time.count()));
}

}  // namespace

Result<Answer> carry_out(net::Stream& stream, Exchange& exchange, Patience patience) {
  const std::uint64_t end = after(patience.whole);
  std::uint64_t moved = 0;
  std::uint64_t stalled = after(patience.stalled);
  while (!TRY(exchange.step(stream))) {
    if (exchange.moved() != moved) {
      moved = exchange.moved();
      stalled = after(patience.stalled);
    }
    if (!wait_for(stream, exchange.awaited(), std::min(end, stalled))) {
      return unavailable("no answer in time");
    }
  }
  return exchange.take_answer();
}

Result<Answer> exchange(net::Stream& stream, const Request& request, std::size_t max_body_size,
                        std::chrono::nanoseconds limit) {
  Exchange exchange(TRY(to_bytes(request)), max_body_size);
  return carry_out(stream, exchange, {limit, limit});
}

}  // namespace merlon::http_client
