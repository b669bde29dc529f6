#pragma once

// Content that is too large to lie in memory: of a request as it comes, of an answer as it goes.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/http/message.h"

namespace merlon::http {

/// Takes the content of one request, piece by piece. Called by workers, one call at a time. If it
/// goes without finish(), the request broke off. Must not throw but std::bad_alloc, which gives a
/// 500.
class Receiver {
 public:
  Receiver() = default;
  virtual ~Receiver() = default;
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  /// More of it, the peer's word. An answer: no more is wanted, and the connection ends behind it.
  [[nodiscard]] virtual std::optional<Response> take(core::ByteView bytes) = 0;
  /// All of it has come.
  [[nodiscard]] virtual Response finish() = 0;
};

/// What becomes of a request's content, judged by its headers.
struct Reception {
  std::unique_ptr<Receiver> receiver{};  ///< null: it is gathered in Request::body
  std::optional<Response> refused{};     ///< instead of it: nothing of it is read
};

/// The content of an answer. Called by workers, one call at a time. Must not throw but
/// std::bad_alloc, which is as if nothing could be had.
class Content {
 public:
  using Piece = std::shared_ptr<const std::vector<std::uint8_t>>;

  Content() = default;
  virtual ~Content() = default;
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  /// What follows, never empty. Null: it cannot be had, and the connection is cut, so that the peer
  /// does not take what he has for all.
  [[nodiscard]] virtual Piece next() = 0;
};

}  // namespace merlon::http
