#pragma once

// A seccomp filter made from a list of system calls: what is not in it never happens, and the
// process gets SIGSYS instead [seccomp(2), SECCOMP_RET_TRAP].

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include <linux/filter.h>

#include "merlon/os/errno.h"

namespace merlon::os {

/// True when argument number `argument` (0 to 5), masked with `mask`, is `value`.
struct ArgumentCheck {
  unsigned argument = 0;
  std::uint64_t mask = 0;
  std::uint64_t value = 0;
};

/// Checks of which all must hold.
using ArgumentChecks = std::vector<ArgumentCheck>;

/// What a rule says of its call.
enum class Verdict : std::uint8_t {
  Allow,   ///< always without alternatives, else if all checks of one of them hold
  Absent,  ///< answered with Nosys, as by a kernel that is older than the call
};

struct CallRule {
  int number = 0;
  std::vector<ArgumentChecks> alternatives;
  Verdict verdict = Verdict::Allow;
};

/// The filter program for `rules`, whose numbers must differ. Everything else, and every call
/// by another of the machine's calling conventions, traps. Decisions are by binary search.
[[nodiscard]] std::vector<::sock_filter> compile(std::vector<CallRule> rules);

/// From now on this thread, and what it starts, makes only the calls that `program` allows. Cannot
/// be undone. Needs forbid_new_privileges() or a capability.
///
/// Errors: Nosys, Inval (the kernel has no filters) · Nomem · Acces.
[[nodiscard]] Result<void> confine_calls(std::span<const ::sock_filter> program) noexcept;

/// A system call's name on x86-64, e.g. "openat"; empty if we know none. Async-signal-safe.
[[nodiscard]] std::string_view call_name(int number) noexcept;

}  // namespace merlon::os
