#pragma once

// What the exit status of a keep, and so of `merlon run`, means. docs/errors.md tells users; a test
// holds the two together.

namespace merlon::launch {

/// Any other status is the workload's own.
enum class ExitStatus : int {
  Success = 0,       ///< the workload returned, or called proc_exit(0)
  Unusable = 1,      ///< the input cannot be run: a module, Enarx.toml, file or import
  Usage = 2,         ///< the command line is wrong
  OutputLost = 74,   ///< the workload succeeded, but a standard stream did not take all it wrote
  TimeLimit = 124,   ///< --timeout is over
  KeepFailed = 125,  ///< the keep could not be started or failed by itself
  Trap = 134,        ///< the workload trapped, or its keep tried a system call that it may not make
  ExitTooLarge = 255,  ///< the workload called proc_exit with more than 255
};

/// A keep that a signal ended: this plus the signal's number, as shells have it.
inline constexpr int killed_by_signal = 128;

[[nodiscard]] constexpr int number(ExitStatus status) noexcept { return static_cast<int>(status); }

}  // namespace merlon::launch
