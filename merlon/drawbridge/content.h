#pragma once

// Contents of nodes on their way in and out of the server.

#include <functional>
#include <memory>

#include "merlon/drawbridge/kept_pieces.h"
#include "merlon/drawbridge/refusal.h"
#include "merlon/http/content.h"
#include "merlon/registry_store/shelf.h"

namespace merlon::drawbridge {

/// A piece as it was compared, out of `kept` if it is there, else read, compared and put there.
/// Null: the store has other bytes than it was given.
[[nodiscard]] KeptPieces::Bytes compared_piece(const registry_store::Outgoing& outgoing,
                                               std::uint64_t number, KeptPieces& kept);

/// Bytes from `first` on, `count` of them. Each piece is compared before it leaves; `altered` is
/// told where the store has other bytes than it was given.
class NodeContent final : public http::Content {
 public:
  /// `kept` outlives it.
  NodeContent(registry_store::Outgoing outgoing, std::uint64_t first, std::uint64_t count,
              KeptPieces& kept, std::function<void()> altered) noexcept
      : outgoing_(std::move(outgoing)),
        kept_(kept),
        at_(first),
        left_(count),
        size_(count),
        altered_(std::move(altered)) {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
  [[nodiscard]] Piece next() override;

 private:
  registry_store::Outgoing outgoing_;
  KeptPieces& kept_;
  std::uint64_t at_;
  std::uint64_t left_;
  std::uint64_t size_;
  std::function<void()> altered_;
};

/// Puts what comes onto the shelf.
class NodeReceiver final : public http::Receiver {
 public:
  NodeReceiver(std::unique_ptr<registry_store::Incoming> incoming,
               std::function<void(std::uint64_t)> stored) noexcept
      : incoming_(std::move(incoming)), stored_(std::move(stored)) {}

  [[nodiscard]] std::optional<http::Response> take(core::ByteView bytes) override;
  [[nodiscard]] http::Response finish() override;

 private:
  std::unique_ptr<registry_store::Incoming> incoming_;
  std::function<void(std::uint64_t)> stored_;
};

/// What a client is told of something new.
[[nodiscard]] http::Response response_of(const registry_store::Added& added);

}  // namespace merlon::drawbridge
