#pragma once

// How a process of ours takes rights from itself, layer by layer: a keep that is a process of the
// host's machine, the process around a keep's machine, the simulator. A layer that this kernel
// lacks, or that an outer sandbox forbids (os::is_missing_layer), is left out, and told.

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/launch/reach.h"
#include "merlon/os/call_rules.h"

namespace merlon::launch {

/// The layers that one process has put on, in their order. None of them can be taken off again.
///
/// Errors of all that put one on: the layer is there and cannot be put on.
class Layers {
 public:
  /// False in a build with a sanitizer, whose runtime opens files and makes calls of its own: then
  /// files and calls must not be confined.
  [[nodiscard]] static bool can_be_whole() noexcept;

  /// No new privileges, no inspection by others, no capabilities.
  [[nodiscard]] core::Result<void> give_up_privileges();
  /// Files only beneath the directories of `reach`, written only where it says so.
  [[nodiscard]] core::Result<void> confine_files(const Reach& reach);

  /// Handles SIGSYS, and ends the process; async-signal-safe.
  using OnRefusedCall = void (*)(int number, ::siginfo_t* info, void* context);
  /// Only the calls of `rules`; any other gets `refused`.
  [[nodiscard]] core::Result<void> confine_calls(os::CallRules rules, OnRefusedCall refused);

  /// One more, that the caller has put on: what became of it, its name, what to say of a failure,
  /// and what to add to its name.
  [[nodiscard]] core::Result<void> note(const os::Result<void>& done, std::string_view layer,
                                        const char* failure, std::string_view detail = "");

  /// "confined by no new privileges, landlock 4 (1 directories); not here: seccomp"
  [[nodiscard]] std::string describe() const;

 private:
  std::vector<std::string> active_;
  std::vector<std::string> missing_;
};

}  // namespace merlon::launch
