#include "merlon/cli_deploy/relay.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/cli_deploy/streams.h"
#include "merlon/os/file.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::cli_deploy {

using core::Result;
using os::Errno;

namespace {

constexpr os::BorrowedFd standard_input{0};
constexpr std::size_t one_read = std::size_t{32} << 10U;

class Carrier {
 public:
  Carrier(Talk& talk, os::BorrowedFd socket, const cli::Terminal& terminal, Until until)
      : talk_(talk), socket_(socket), streams_(terminal), until_(until) {
    input_is_over_ = !talk.speaks() || until == Until::Taken;
    if (until == Until::Taken && talk.speaks()) unsent_ = talk.input_end();
  }

  Result<void, std::string> carry() {
    while (!is_done()) {
      std::array<os::PollItem, 2> items{{{socket_.number(), POLLIN, 0}, {-1, POLLIN, 0}}};
      if (!unsent_.empty()) items[0].events |= POLLOUT;
      if (!input_is_over_ && unsent_.empty()) items[1].fd = standard_input.number();
      const auto ready = os::poll(items, std::nullopt);
      if (!ready && ready.error() != Errno::Intr) return std::string(os::describe(ready.error()));
      if (!ready) continue;
      if (items[1].revents != 0) read_input();
      send();
      if ((items[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !TRY(hear())) return {};
    }
    if (!streams_.trouble().empty()) return streams_.trouble();
    return {};
  }

 private:
  [[nodiscard]] bool is_done() const noexcept {
    return talk_.status() || (until_ == Until::Taken && talk_.is_taken() && unsent_.empty());
  }

  /// False at the end.
  Result<bool, std::string> hear() {
    std::array<std::uint8_t, one_read> bytes{};
    const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
    const auto got = os::receive(socket_, into);
    if (!got) return got.error() == Errno::Again || got.error() == Errno::Intr;
    if (got->size == 0) return false;
    TRY(talk_.hear(core::ByteView(bytes).first(got->size), streams_));
    return true;
  }

  void read_input() {
    std::array<std::uint8_t, one_read> bytes{};
    const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
    const auto got = os::read(standard_input, into);
    if (!got && (got.error() == Errno::Intr || got.error() == Errno::Again)) return;
    if (!got || *got == 0) {
      input_is_over_ = true;
      unsent_ = talk_.input_end();
    } else {
      unsent_ = talk_.input(core::ByteView(bytes).first(*got));
    }
  }

  void send() {
    if (unsent_.empty()) return;
    const std::array<::iovec, 1> from{{{unsent_.data(), unsent_.size()}}};
    const auto sent = os::send(socket_, from);
    if (sent) {
      unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(*sent));
    } else if (sent.error() != Errno::Again && sent.error() != Errno::Intr) {
      input_is_over_ = true;  // nobody takes it; what comes tells why
      unsent_.clear();
    }
  }

  Talk& talk_;
  os::BorrowedFd socket_;
  Streams streams_;
  std::vector<std::uint8_t> unsent_;
  Until until_;
  bool input_is_over_ = false;
};

}  // namespace

Result<void, std::string> carry(Talk& talk, os::BorrowedFd socket, const cli::Terminal& terminal,
                                Until until) {
  return Carrier(talk, socket, terminal, until).carry();
}

}  // namespace merlon::cli_deploy
