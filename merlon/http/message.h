#pragma once

// What is asked and answered over HTTP/1.1 [RFC9110, RFC9112], as plain values. Nothing of the
// library that reads and writes it is seen here.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/time.h"

namespace merlon::http {

class Content;

struct Header {
  std::string name;  ///< of a request: in lower case
  std::string value;
};

/// A request that has come whole. Everything in it is the peer's word.
struct Request {
  std::string method;  ///< as it was sent: "GET"
  std::string target;  ///< as it was sent: "/status?days=7"
  std::vector<Header> headers;
  std::string body;  ///< any bytes; without the transfer's coding
  std::string peer;  ///< numeric: "192.0.2.1", "2001:db8::1"
  std::uint16_t peer_port = 0;
  bool tls = false;
  /// DER of what the peer showed to prove who it is, judged by the server's TLS; empty: nothing.
  std::vector<std::uint8_t> client_certificate{};

  /// The first value of that header (in lower case); nothing if there is none.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept;
  /// All values of it, with ", " between them, which means the same [RFC9110 §5.3].
  [[nodiscard]] std::string joined(std::string_view name) const;
  /// The target without its query.
  [[nodiscard]] std::string_view path() const noexcept;
};

/// What is answered. Date, Content-Length and Connection are the server's to say.
struct Response {
  unsigned status = 200;
  std::vector<Header> headers;
  std::string body;                    ///< any bytes; to HEAD only its size is told
  bool close = false;                  ///< the connection ends behind this answer
  std::vector<Header> notes{};         ///< for the observer; not sent
  std::shared_ptr<Content> content{};  ///< in the place of `body`, if it is there (content.h)
};

/// "Not Found"; empty for a number that is none of HTTP's.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

/// "Sun, 06 Nov 1994 08:49:37 GMT" [RFC9110 §5.6.7].
[[nodiscard]] std::string http_date(codec::UnixTime time);

/// How a response is framed.
struct Framing {
  unsigned minor_version = 1;  ///< of the request: HTTP/1.0 or 1.1
  bool keep_alive = true;
  codec::UnixTime now;
};

/// How many bytes its content has.
[[nodiscard]] std::uint64_t content_length(const Response& response) noexcept;

/// Status line and headers with the empty line behind them. A control character in a header of
/// `response` is sent as a blank, so that no value can begin another header.
[[nodiscard]] std::string response_head(const Response& response, const Framing& framing);

/// Whether somebody who sends this Accept header (nothing: none was sent) is glad of `type`,
/// "text/html", and how much: 0 (not at all) to 1000. The most specific range decides
/// [RFC9110 §12.5.1]; what is no such header asks for nothing. Ranges beyond the 32nd do not count.
[[nodiscard]] unsigned acceptance(std::optional<std::string_view> accept,
                                  std::string_view type) noexcept;

/// As acceptance(), but 0 where only a range with a "*" would fit: whether `type` is named.
[[nodiscard]] unsigned named_acceptance(std::optional<std::string_view> accept,
                                        std::string_view type) noexcept;

}  // namespace merlon::http
