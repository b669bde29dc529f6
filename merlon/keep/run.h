#pragma once

// One workload from its launch to its exit status.

#include <cstdint>
#include <optional>

#include "merlon/keep/prepared.h"
#include "merlon/keep/self.h"
#include "merlon/keep/work.h"

namespace merlon::keep {

/// Compiles and runs the module, says what goes wrong, and gives the exit status of the keep
/// [launch/exit_status.h], which its tenant is told as well. An attested keep's workload finds out
/// about `self` in /keep. What was `made_ahead` is not read and compiled again. The stack ends at
/// `lowest_stack_address`, or 0.
[[nodiscard]] int run(Work work, Self& self, std::optional<Prepared> made_ahead,
                      std::uintptr_t lowest_stack_address);

/// Instantiates a module that has been made ahead, which runs none of its code: one with a start
/// function is left for its launch. What cannot be instantiated is no error before somebody wants
/// it.
void set_stage(Prepared& prepared, std::uintptr_t lowest_stack_address);

/// Goes the whole way of a launch once with a module of ours that does nothing, given nothing: what
/// is touched for the first time takes longest, and then it has been.
void rehearse(const Prepared& prepared, Self& self, std::uintptr_t lowest_stack_address);

}  // namespace merlon::keep
