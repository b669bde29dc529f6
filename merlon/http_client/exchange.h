#pragma once

// One request and its answer over a stream.

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
  std::string authorization{};  ///< a secret; empty: the header is left out
};

/// As it goes over the wire; the connection is asked to end after the answer. Malformed: a part
/// that a header cannot hold.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> to_bytes(const Request& request);

/// Goes on whenever the stream can, and never waits.
class Exchange {
 public:
  /// `request` as to_bytes() gives it.
  Exchange(std::vector<std::uint8_t> request, std::size_t max_body_size) noexcept
      : request_(std::move(request)), reader_(max_body_size) {}

  /// Whether the answer is there. Malformed · Exhausted (an answer beyond the size) · Unavailable
  /// (the stream failed).
  [[nodiscard]] core::Result<bool> step(net::Stream& stream);
  /// For what to wait if it is not.
  [[nodiscard]] net::Side awaited() const noexcept {
    return sent_ < request_.size() ? net::Side::Write : net::Side::Read;
  }
  /// Once it is there.
  [[nodiscard]] Answer take_answer() noexcept { return reader_.take_answer(); }

 private:
  [[nodiscard]] core::Result<bool> send(net::Stream& stream);

  std::vector<std::uint8_t> request_;
  std::size_t sent_ = 0;
  AnswerReader reader_;
};

/// Sends it and waits for all of the answer, for so long at most (Unavailable).
[[nodiscard]] core::Result<Answer> exchange(net::Stream& stream, const Request& request,
                                            std::size_t max_body_size,
                                            std::chrono::nanoseconds limit);

}  // namespace merlon::http_client
