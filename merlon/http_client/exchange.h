#pragma once

// One request and its answer over a stream. The only calls here that wait: for as long as they are
// told, and no longer.

#include <chrono>

#include "merlon/http_client/answer.h"
#include "merlon/net/stream.h"

namespace merlon::http_client {

struct Request {
  std::string method;
  std::string host;  ///< as in the Host header, with a port that is not the scheme's own
  std::string path;
  std::string content_type;
  std::string accept;
  std::vector<std::uint8_t> body;
};

/// As it goes over the wire; the connection is asked to end after the answer. Malformed: a part
/// that a header cannot hold.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> to_bytes(const Request& request);

/// Sends it and waits for all of the answer. Malformed · Exhausted (an answer beyond
/// `max_body_size`) · Unavailable (the stream ended or failed, or `limit` is over).
[[nodiscard]] core::Result<Answer> exchange(net::Stream& stream, const Request& request,
                                            std::size_t max_body_size,
                                            std::chrono::nanoseconds limit);

}  // namespace merlon::http_client
