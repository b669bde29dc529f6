#include "merlon/pool/made_keep.h"

#include <csignal>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/host/keep.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/clock.h"
#include "merlon/os/local_socket.h"

namespace merlon::pool {

using core::Result;
using host::Backend;
using host::HostError;

namespace {

/// A machine says that it can run a keep at all, and a keep that it has been prepared.
int words_of(Backend backend, bool prepared, host::SnapshotUse snapshot) noexcept {
  if (snapshot == host::SnapshotUse::Restore) return 1;
  return (backend == Backend::Nil ? 0 : 1) + (prepared ? 1 : 0);
}

}  // namespace

MadeKeep::MadeKeep(os::ChildProcess process, os::Fd pidfd, os::Fd channel, int words,
                   std::uint64_t now) noexcept
    : process_(process),
      pidfd_(std::move(pidfd)),
      channel_(std::move(channel)),
      words_to_come_(words),
      made_at_(now) {}

MadeKeep::MadeKeep(MadeKeep&& other) noexcept
    : process_(std::exchange(other.process_, std::nullopt)),
      pidfd_(std::move(other.pidfd_)),
      channel_(std::move(other.channel_)),
      words_to_come_(other.words_to_come_),
      made_at_(other.made_at_) {}

MadeKeep& MadeKeep::operator=(MadeKeep&& other) noexcept {
  if (this == &other) return *this;
  end();
  process_ = std::exchange(other.process_, std::nullopt);
  pidfd_ = std::move(other.pidfd_);
  channel_ = std::move(other.channel_);
  words_to_come_ = other.words_to_come_;
  made_at_ = other.made_at_;
  return *this;
}

Result<MadeKeep, HostError> MadeKeep::start(Backend backend, const host::MachineOptions& machine,
                                            std::optional<launch::Preparation> preparation) {
  host::Keep keep = TRY(host::Keep::start(backend, machine));
  auto [process, channel] = keep.take_apart();
  auto pidfd = os::open_process(process.id());
  auto now = os::now(os::Clock::Monotonic);
  MadeKeep made(process, pidfd ? *std::move(pidfd) : os::Fd(), std::move(channel),
                words_of(backend, preparation && preparation->module.is_open(), machine.snapshot),
                now ? *now : 0);
  if (!pidfd || !now) {
    return HostError{core::ErrorCode::Internal, "cannot look after a keep's process"};
  }
  // A keep that stops in the middle of a word shall not stop us.
  constexpr std::chrono::seconds patience(1);
  static_cast<void>(os::limit_waiting(made.channel_, patience));
  if (preparation) {
    const auto sent = launch::send(made.channel_, *preparation);
    if (!sent) return HostError{sent.error().code, std::string(sent.error().message())};
  }
  return made;
}

bool MadeKeep::begin(std::uint64_t now) noexcept {
  made_at_ = now;
  return launch::send_begin(channel_).has_value();
}

Result<bool, std::string> MadeKeep::hear() {
  if (is_ready()) return std::string("a keep that waited has ended");
  const auto heard = launch::receive_readiness(channel_);
  if (!heard) return std::string(heard.error().message());
  if (!heard->ready) return base::printable(heard->text);
  --words_to_come_;
  return is_ready();
}

void MadeKeep::kill() const noexcept {
  if (process_) static_cast<void>(process_->signal(SIGKILL));
}

std::optional<os::ExitStatus> MadeKeep::wait() noexcept {
  if (!process_) return std::nullopt;
  const auto status = std::exchange(process_, std::nullopt)->wait();
  return status ? std::optional(*status) : std::nullopt;
}

void MadeKeep::end() noexcept {
  kill();
  static_cast<void>(wait());
}

}  // namespace merlon::pool
