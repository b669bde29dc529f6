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

Result<void> send_all(net::Stream& stream, std::vector<std::uint8_t> bytes,
                      std::uint64_t deadline) {
  std::size_t sent = 0;
  while (sent < bytes.size() || stream.has_unsent()) {
    const std::array rest{::iovec{bytes.data() + sent, bytes.size() - sent}};
    if (sent < bytes.size()) {
      const auto put = stream.send(rest);
      if (put) {
        sent += *put;
        continue;
      }
      // It may have answered already, and then be gone.
      if (put.error() == os::Errno::Pipe || put.error() == os::Errno::Connreset) return {};
      if (put.error() != os::Errno::Again) return unavailable("the connection failed");
    }
    if (!net::wait(stream, net::Side::Write, deadline)) return unavailable("no answer in time");
    stream.flush();
  }
  return {};
}

}  // namespace

Result<std::vector<std::uint8_t>> to_bytes(const Request& request) {
  using base::concat;
  if (request.method.empty() || !is_clean(request.method, false) || request.host.empty() ||
      !is_clean(request.host, false) || !request.path.starts_with('/') ||
      !is_clean(request.path, false) || !is_clean(request.content_type, true) ||
      !is_clean(request.accept, true)) {
    return core::error(ErrorCode::Malformed, "a request that HTTP has no form for");
  }
  std::string head = concat(request.method, " ", request.path, " HTTP/1.1\r\nHost: ", request.host,
                            "\r\nConnection: close\r\nUser-Agent: merlon\r\n");
  if (!request.accept.empty()) head += concat("Accept: ", request.accept, "\r\n");
  if (!request.content_type.empty()) head += concat("Content-Type: ", request.content_type, "\r\n");
  head += concat("Content-Length: ", request.body.size(), "\r\n\r\n");
  std::vector<std::uint8_t> bytes(head.begin(), head.end());
  bytes.insert(bytes.end(), request.body.begin(), request.body.end());
  return bytes;
}

Result<Answer> exchange(net::Stream& stream, const Request& request, std::size_t max_body_size,
                        std::chrono::nanoseconds limit) {
  const std::uint64_t deadline = net::deadline_after(static_cast<std::uint64_t>(limit.count()));
  TRY(send_all(stream, TRY(to_bytes(request)), deadline));
  AnswerReader reader(max_body_size);
  std::array<std::uint8_t, 4096> room{};
  const std::array into{::iovec{room.data(), room.size()}};
  while (!reader.is_complete()) {
    const auto got = stream.receive(into, {});
    if (got && got->size > 0) {
      TRY(reader.take(core::ByteView(room).first(got->size)));
    } else if (got) {
      TRY(reader.end());
    } else if (got.error() == os::Errno::Again || got.error() == os::Errno::Intr) {
      if (!net::wait(stream, net::Side::Read, deadline)) return unavailable("no answer in time");
    } else {
      return unavailable("the connection failed");
    }
  }
  return reader.take_answer();
}

}  // namespace merlon::http_client
