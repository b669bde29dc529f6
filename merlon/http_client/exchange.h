#pragma once

// One request and its answer over a stream.

#include <chrono>

#include "merlon/http_client/answer.h"
#include "merlon/net/stream.h"

namespace merlon::http_client {

/// A server of HTTPS as the Host header names it: an IPv6 address in brackets, and the port unless
/// it is the scheme's own.
[[nodiscard]] std::string authority_of(std::string_view host, std::uint16_t port);

struct Request {
  std::string method;
  std::string host;  ///< as in the Host header, with a port that is not the scheme's own
  std::string path;
  std::string content_type;
  std::string accept;
  std::vector<std::uint8_t> body;
  std::string authorization{};  ///< a secret; empty: the header is left out
  std::vector<Field> fields{};  ///< further headers, none of those above
  bool keeps_connection = false;
};

/// A body that need not be in memory at once.
struct BodySource {
  std::uint64_t size = 0;
  /// Fills `into` from where the last call ended, and gives how many bytes that was: at least one
  /// until all have been given.
  std::function<core::Result<std::size_t>(core::ByteSpan into)> read{};
};

/// As it goes over the wire; the connection is asked to end after the answer, or to stay.
/// Malformed: a part that a header cannot hold.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> to_bytes(const Request& request);

/// The same up to the body, which is `size` bytes and follows by itself; request.body is not used.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> head_of(const Request& request,
                                                              std::uint64_t size);

/// Goes on whenever the stream can, and never waits.
class Exchange {
 public:
  /// `request` as to_bytes() gives it.
  Exchange(std::vector<std::uint8_t> request, std::size_t max_body_size,
           AnswerBody body = AnswerBody::Usual) noexcept
      : request_(std::move(request)), reader_(max_body_size, body) {}

  /// What follows `request`, which is then as head_of() gives it. Before the first step.
  void set_source(BodySource source) noexcept { source_ = std::move(source); }
  /// As of AnswerReader.
  void set_sink(Sink sink, std::uint64_t most) noexcept { reader_.set_sink(std::move(sink), most); }

  /// Whether the answer is there. Malformed · Exhausted (an answer beyond the size) · Unavailable
  /// (the stream failed).
  [[nodiscard]] core::Result<bool> step(net::Stream& stream);
  /// For what to wait if it is not.
  [[nodiscard]] net::Side awaited() const noexcept {
    return sent_ < request_.size() ? net::Side::Write : net::Side::Read;
  }
  /// Whether all of the request has gone; an answer may come before.
  [[nodiscard]] bool is_sent() const noexcept {
    return sent_ == request_.size() && source_.size == 0;
  }
  /// How many bytes have gone one way or the other.
  [[nodiscard]] std::uint64_t moved() const noexcept { return moved_; }
  /// Once it is there.
  [[nodiscard]] Answer take_answer() noexcept { return reader_.take_answer(); }

 private:
  [[nodiscard]] core::Result<bool> send(net::Stream& stream);
  [[nodiscard]] core::Result<void> refill();

  std::vector<std::uint8_t> request_;  // what is to be sent next
  std::size_t sent_ = 0;               // of that
  BodySource source_;
  std::uint64_t moved_ = 0;
  AnswerReader reader_;
};

/// Sends it and waits for all of the answer, for so long at most (Unavailable).
[[nodiscard]] core::Result<Answer> exchange(net::Stream& stream, const Request& request,
                                            std::size_t max_body_size,
                                            std::chrono::nanoseconds limit);

/// How long a transfer may take.
struct Patience {
  std::chrono::nanoseconds stalled;  ///< without a byte going either way
  std::chrono::nanoseconds whole;
};
/// The same for an exchange that was made ready.
[[nodiscard]] core::Result<Answer> carry_out(net::Stream& stream, Exchange& exchange,
                                             Patience patience);

}  // namespace merlon::http_client
