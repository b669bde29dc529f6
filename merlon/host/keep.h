#pragma once

// A keep's process, whatever the backend: merlon-keep itself (nil), or merlon-vmm with a machine in
// which the same merlon-keep runs (kvm, snp-sim). Both find their workload on descriptor 3.

#include <chrono>
#include <optional>
#include <string>

#include "merlon/host/backend.h"
#include "merlon/host/plan.h"
#include "merlon/launch/pool.h"
#include "merlon/launch/proof.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/channel.h"
#include "merlon/os/process.h"

namespace merlon::host {

/// Whether this machine can run a keep of that backend, and how (the world) or why not. Starts the
/// backend's process, which tries what it needs.
[[nodiscard]] core::Result<launch::Readiness, HostError> try_backend(Backend backend);

/// A keep's process. It has been started but has no workload until launch(); a Keep that is
/// dropped before wait() has come back is killed.
///
/// From start() on, the signals that end a program are kept for the workload; see os::SignalRelay.
class Keep {
 public:
  /// Starts the backend's program, which lies beside this one or in ../libexec/merlon. While it
  /// comes up, the caller makes the plan.
  [[nodiscard]] static core::Result<Keep, HostError> start(Backend backend,
                                                           const MachineOptions& machine = {});

  /// One that was made ahead, from the pool at `socket`: ready, and for this plan. Nothing if the
  /// pool has none, or there is no pool of this user: then start() is as good, and takes longer.
  [[nodiscard]] static std::optional<Keep> take(const std::string& socket, Backend backend,
                                                const LaunchPlan& plan);

  [[nodiscard]] Backend backend() const noexcept { return backend_; }

  /// Of one that start() gave: what it consists of, for who looks after many.
  struct Parts {
    os::ChildProcess process;
    os::Fd channel;
  };
  [[nodiscard]] Parts take_apart() noexcept;

  Keep(Keep&& other) noexcept;
  Keep& operator=(Keep&&) = delete;
  Keep(const Keep&) = delete;
  Keep& operator=(const Keep&) = delete;
  ~Keep();

  /// Waits until it can run a workload. A backend that cannot do so on this machine is no error:
  /// its text says why, in one line without a full stop.
  ///
  /// Errors: Unavailable (its process ended, or said nothing for longer than `limit` and a grace;
  /// wait() tells) · Malformed.
  [[nodiscard]] core::Result<launch::Readiness, HostError> readiness(
      const os::SignalRelay& relay, std::optional<std::chrono::nanoseconds> limit) const;

  /// Hands the workload over. A keep that ends meanwhile is no error here; wait() tells.
  [[nodiscard]] core::Result<void, HostError> launch(LaunchPlan plan);

  /// The answer to a launch whose message asks for a proof. What the keep says is not judged here.
  ///
  /// Errors: Unsupported (nothing attests this keep; its own words) · Unavailable (it ended, or
  /// said nothing in time) · Malformed.
  [[nodiscard]] core::Result<launch::Proof, HostError> proof(
      const os::SignalRelay& relay, std::optional<std::chrono::nanoseconds> limit);

  /// Hands a sealed delivery to a keep that has proved itself and waits for it, and gives the
  /// channel, on which tenant and workload speak from then on.
  ///
  /// Errors: Unavailable (the keep ended; wait() tells).
  [[nodiscard]] core::Result<os::Fd, HostError> deliver(core::ByteView sealed);

  /// That channel for who hands the delivery over by himself.
  [[nodiscard]] os::Fd take_channel() noexcept { return std::move(channel_); }

  /// Before the delivery: becomes readable, or is closed, when the keep ends.
  [[nodiscard]] os::BorrowedFd channel() const noexcept { return channel_; }
  [[nodiscard]] os::Result<void> signal(int number) const noexcept {
    return taken_ ? os::signal(taken_->process, number) : process_->signal(number);
  }

  /// Waits for the end of the workload, passing on signals. A keep that keeps its time limit ends
  /// by itself; one that does not is killed some time later, and then there is no status.
  [[nodiscard]] core::Result<std::optional<os::ExitStatus>, HostError> wait(
      const os::SignalRelay& relay, std::optional<std::chrono::nanoseconds> limit);

 private:
  /// The process of a keep that is the pool's child, and the pool.
  struct Taken {
    bool prepared;
    os::Fd process;
    os::Fd pool;
  };

  Keep(Backend backend, std::optional<os::ChildProcess> process, os::Fd channel) noexcept;
  [[nodiscard]] core::Result<void, HostError> send_streams(LaunchPlan& plan) const;
  [[nodiscard]] core::Result<std::optional<os::ExitStatus>, HostError> wait_taken(
      const os::SignalRelay& relay, std::uint64_t deadline);

  Backend backend_;
  std::optional<os::ChildProcess> process_;  ///< none of one that was taken
  os::Fd channel_;
  bool running_ = true;
  bool waits_for_delivery_ = false;
  std::optional<Taken> taken_;
};

}  // namespace merlon::host
