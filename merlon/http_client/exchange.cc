#include "merlon/http_client/exchange.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/net/wait.h"

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

Result<std::vector<std::uint8_t>> to_bytes(const Request& request) {
  using base::concat;
  if (request.method.empty() || !is_clean(request.method, false) || request.host.empty() ||
      !is_clean(request.host, false) || !request.path.starts_with('/') ||
      !is_clean(request.path, false) || !is_clean(request.content_type, true) ||
      !is_clean(request.accept, true) || !is_clean(request.authorization, true)) {
    return core::error(ErrorCode::Malformed, "a request that HTTP has no form for");
  }
  std::string head = concat(request.method, " ", request.path, " HTTP/1.1\r\nHost: ", request.host,
                            "\r\nConnection: close\r\nUser-Agent: merlon\r\n");
  if (!request.accept.empty()) head += concat("Accept: ", request.accept, "\r\n");
  if (!request.content_type.empty()) head += concat("Content-Type: ", request.content_type, "\r\n");
  if (!request.authorization.empty()) {
    head += concat("Authorization: ", request.authorization, "\r\n");
  }
  head += concat("Content-Length: ", request.body.size(), "\r\n\r\n");
  std::vector<std::uint8_t> bytes(head.begin(), head.end());
  bytes.insert(bytes.end(), request.body.begin(), request.body.end());
  return bytes;
}

/// Whether all of the request is on its way.
Result<bool> Exchange::send(net::Stream& stream) {
  while (sent_ < request_.size()) {
    const std::array rest{::iovec{request_.data() + sent_, request_.size() - sent_}};
    const auto put = stream.send(rest);
    if (put) {
      sent_ += *put;
    } else if (put.error() == os::Errno::Again) {
      return false;
    } else if (put.error() == os::Errno::Pipe || put.error() == os::Errno::Connreset) {
      sent_ = request_.size();  // it may have answered already, and then be gone
    } else if (put.error() != os::Errno::Intr) {
      return unavailable("the connection failed");
    }
  }
  stream.flush();
  return true;
}

Result<bool> Exchange::step(net::Stream& stream) {
  if (!TRY(send(stream))) return false;
  std::array<std::uint8_t, 4096> room{};
  const std::array into{::iovec{room.data(), room.size()}};
  while (!reader_.is_complete()) {
    const auto got = stream.receive(into, {});
    if (got && got->size > 0) {
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

Result<Answer> exchange(net::Stream& stream, const Request& request, std::size_t max_body_size,
                        std::chrono::nanoseconds limit) {
  const std::uint64_t deadline = net::deadline_after(static_cast<std::uint64_t>(limit.count()));
  Exchange exchange(TRY(to_bytes(request)), max_body_size);
  while (!TRY(exchange.step(stream))) {
    if (!net::wait(stream, exchange.awaited(), deadline)) {
      return unavailable("no answer in time");
    }
  }
  return exchange.take_answer();
}

}  // namespace merlon::http_client
