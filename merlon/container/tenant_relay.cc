#include "merlon/container/tenant_relay.h"

#include <array>
#include <csignal>
#include <vector>

#include "merlon/os/clock.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::container {

using os::Errno;

namespace {

constexpr std::size_t one_read = std::size_t{64} << 10U;
/// A keep's own end follows its last word, which is when its tenant goes.
constexpr std::uint64_t grace = 2'000'000'000;
constexpr std::uint64_t kill_after = 5'000'000'000;

std::uint64_t now() { return os::now(os::Clock::Monotonic).value_or(0); }

/// One direction, with what could not be passed on yet.
class Pipe {
 public:
  Pipe(os::BorrowedFd from, os::BorrowedFd to) noexcept : from_(from), to_(to) {}

  [[nodiscard]] short wanted_of_source() const noexcept {
    return !over_ && waiting_.empty() ? POLLIN : 0;
  }
  [[nodiscard]] short wanted_of_sink() const noexcept { return waiting_.empty() ? 0 : POLLOUT; }
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  /// Nobody takes it any more.
  [[nodiscard]] bool is_lost() const noexcept { return lost_; }
  void lose() noexcept {
    lost_ = true;
    waiting_.clear();
  }

  void take() {
    std::array<std::uint8_t, one_read> bytes{};
    const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
    const auto got = os::receive(from_, into);
    if (!got) {
      over_ = got.error() != Errno::Again && got.error() != Errno::Intr;
      return;
    }
    over_ = got->size == 0;
    if (lost_) return;
    waiting_.insert(waiting_.end(), bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(got->size));
    pass();
  }
  void pass() {
    if (waiting_.empty()) return;
    const std::array<::iovec, 1> from{{{waiting_.data(), waiting_.size()}}};
    const auto sent = os::send(to_, from);
    if (sent) {
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(*sent));
    } else if (sent.error() != Errno::Again && sent.error() != Errno::Intr) {
      lose();
    }
  }
  [[nodiscard]] bool is_empty() const noexcept { return waiting_.empty(); }

 private:
  os::BorrowedFd from_;
  os::BorrowedFd to_;
  std::vector<std::uint8_t> waiting_;
  bool over_ = false;
  bool lost_ = false;
};

/// Ends a keep whose tenant has gone, in two steps.
class Ending {
 public:
  explicit Ending(const host::Keep& keep) noexcept : keep_(keep) {}
  void begin() noexcept {
    if (since_ == 0) since_ = now();
  }
  [[nodiscard]] bool has_begun() const noexcept { return since_ != 0; }
  void act() noexcept {
    if (since_ == 0) return;
    const std::uint64_t passed = now() - since_;
    if (passed > grace && !asked_) {
      static_cast<void>(keep_.signal(SIGTERM));
      asked_ = true;
    }
    if (passed > grace + kill_after) static_cast<void>(keep_.signal(SIGKILL));
  }

 private:
  const host::Keep& keep_;
  std::uint64_t since_ = 0;
  bool asked_ = false;
};

}  // namespace

void carry_talk(os::BorrowedFd tenant, os::BorrowedFd channel, const host::Keep& keep,
                bool leaves) {
  static_cast<void>(os::set_nonblock(tenant, true));
  static_cast<void>(os::set_nonblock(channel, true));
  Pipe said(channel, tenant);
  Pipe input(tenant, channel);
  Ending ending(keep);
  std::uint64_t last = 0;  // when the keep had said all
  while (!said.is_over() || (!said.is_empty() && !said.is_lost())) {
    if (said.is_over() && last == 0) last = now();
    if (last != 0 && now() - last > kill_after) return;
    // Whoever is gone, or is waited for by nobody, would be ready for ever.
    const bool tenant_is_there = !input.is_over() && !said.is_lost();
    const auto of_tenant = static_cast<short>(input.wanted_of_source() | said.wanted_of_sink());
    const auto of_keep = static_cast<short>(said.wanted_of_source() | input.wanted_of_sink());
    std::array<os::PollItem, 2> items{
        {{tenant_is_there && of_tenant != 0 ? tenant.number() : -1, of_tenant, 0},
         {of_keep != 0 ? channel.number() : -1, of_keep, 0}}};
    constexpr std::chrono::milliseconds pace{100};
    const bool is_timed = ending.has_begun() || last != 0;
    const auto wait = is_timed ? std::optional<std::chrono::nanoseconds>(pace) : std::nullopt;
    static_cast<void>(os::poll(items, wait));
    if (items[0].revents != 0) {
      said.pass();
      if (input.wanted_of_source() != 0) input.take();
    }
    if (items[1].revents != 0) {
      input.pass();
      if (said.wanted_of_source() != 0) said.take();
    }
    if (tenant_is_there && (input.is_over() || said.is_lost())) {
      said.lose();
      if (!leaves) ending.begin();
    }
    ending.act();
  }
}

}  // namespace merlon::container
