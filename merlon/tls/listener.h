#pragma once

// A listener that gives connections whose handshake is over. Handshakes of others go on beside
// them whenever somebody asks for a connection or looks whether there is one, so that a client that
// stalls keeps nobody waiting.

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "merlon/tls/session.h"

namespace merlon::tls {

struct HandshakeLimits {
  /// At once; beyond it, or where there is no memory, the oldest is dropped for a new one.
  std::size_t open = 512;
  std::uint64_t nanoseconds = 10'000'000'000;  ///< for each
  std::size_t ready = 128;  ///< connections that wait to be taken, before no more are accepted
};

struct HandshakeCounts {
  std::uint64_t done = 0, failed = 0, timed_out = 0, dropped = 0, without_certificate = 0;
};

class Listener final : public net::Listener {
 public:
  /// How the next connection is spoken with; nothing: not at all, for there is no certificate that
  /// could be shown.
  using Contexts = std::function<std::optional<Context>()>;

  /// `memory` counts what connections take, those too that nobody has accepted yet; it outlives
  /// them. Null: nobody does.
  Listener(Contexts contexts, std::unique_ptr<net::Listener> below, HandshakeLimits limits = {},
           base::Budget* memory = nullptr)
      : contexts_(std::move(contexts)),
        below_(std::move(below)),
        limits_(limits),
        memory_(memory) {}

  [[nodiscard]] os::BorrowedFd descriptor() const noexcept override { return below_->descriptor(); }
  /// Errors: those of the listener below.
  [[nodiscard]] os::Result<std::unique_ptr<net::Stream>> accept() override;
  void add_awaited(std::vector<os::PollItem>& items) const override;
  [[nodiscard]] net::Readiness look() override;
  [[nodiscard]] const HandshakeCounts& counts() const noexcept { return counts_; }
  /// Why the last handshake that failed did.
  [[nodiscard]] const std::string& last_trouble() const noexcept { return last_trouble_; }

 private:
  struct Open {
    std::unique_ptr<Session> session;
    std::uint64_t deadline = 0;
  };

  /// Accepts what there is and goes on with every handshake that can.
  [[nodiscard]] os::Result<void> work();
  [[nodiscard]] os::Result<void> take_new(std::uint64_t now);
  [[nodiscard]] os::Result<void> begin(std::unique_ptr<net::Stream> stream, const Context& context,
                                       std::uint64_t now);
  void drop_oldest();
  void go_on(std::uint64_t now);
  /// Whether it is still open.
  bool go_on_with(Open& open, bool came, std::uint64_t now);

  Contexts contexts_;
  std::unique_ptr<net::Listener> below_;
  HandshakeLimits limits_;
  base::Budget* memory_;
  std::deque<Open> open_;  // the oldest first
  std::deque<std::unique_ptr<Session>> ready_;
  HandshakeCounts counts_;
  std::string last_trouble_;
  std::vector<os::PollItem> items_;
};

}  // namespace merlon::tls
