#pragma once

// The process around a keep that proves itself, in an enclave or as a guest of SEV-SNP: it takes
// one launch, confines itself to it, and serves the keep to its end. No keep of this kind is
// prepared with a module beforehand.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "merlon/host/calls.h"
#include "merlon/host/host_error.h"
#include "merlon/host/time_limit.h"
#include "merlon/os/call_rules.h"

namespace merlon::host {

class AttestedKeep : public Machine {
 public:
  [[nodiscard]] DescriptorTable& descriptors() noexcept { return calls_.descriptors(); }
  /// Lays a message ready for the keep.
  void post(Letter letter) { calls_.post(std::move(letter)); }
  /// Ends this process when the time is over, whatever the keep does or asks for. False if that
  /// cannot be.
  [[nodiscard]] bool limit_time(std::chrono::nanoseconds limit) { return time_limit_.limit(limit); }
  [[nodiscard]] bool set_timer(std::uint64_t first, std::uint64_t interval) override {
    return time_limit_.set_timer(first, interval);
  }

  /// Runs the keep to its end; gives its exit status.
  ///
  /// Errors: Internal (the keep cannot go on) · Malformed (no request of a keep's is in the block).
  [[nodiscard]] virtual core::Result<int, HostError> run() = 0;
  /// How often it has asked its host.
  [[nodiscard]] const Calls::Counts& counts() const noexcept { return calls_.counts(); }
  /// The same and what else happened, in words.
  [[nodiscard]] virtual std::string statistics_text() const = 0;

 protected:
  AttestedKeep() noexcept : calls_(*this) {}

  [[nodiscard]] Calls& calls() noexcept { return calls_; }

 private:
  Calls calls_;
  TimeLimit time_limit_;
};

/// What the launcher asks of this process beside its keep.
struct AttestedOptions {
  bool statistics = false;  ///< to be told on standard error when the keep has ended
  bool only_try = false;    ///< whether there is a keep, and no more
};

/// Says whether there is a keep and what it is, `kind`, then takes a launch for it from the channel
/// and ends this process with the keep's exit status. `own` as for confine_machine(). Returns, with
/// an exit status, where there is none.
[[nodiscard]] int run_attested(core::Result<std::unique_ptr<AttestedKeep>, HostError> keep,
                               std::string_view kind, const os::CallRules& own,
                               const AttestedOptions& options);

}  // namespace merlon::host
