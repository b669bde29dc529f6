#pragma once

// What the process around a keep takes from itself before the keep's first instruction: after that
// it acts for a keep that may be hostile.

#include "merlon/core/result.h"
#include "merlon/launch/preparation.h"
#include "merlon/os/call_rules.h"

namespace merlon::host {

/// Memory of its own, never code: what all kinds of machine need. What may become readable or
/// writable differs among them and is not in it.
[[nodiscard]] os::CallRules memory_calls();

/// Gives up privileges, every file that is not beneath a directory of `launch`, writing where the
/// launch only reads, and all system calls but those by which it serves this keep. A layer that
/// this kernel lacks is left out, as in a keep of backend nil. One thread, once. `own` are calls
/// that the kind of machine needs: its memory above all.
///
/// Errors: a layer that is there cannot be put on.
[[nodiscard]] core::Result<void> confine_machine(const launch::Launch& launch,
                                                 const os::CallRules& own);

/// The same for a keep that is made ahead, before it sees its module, as far as `preparation` says
/// what launches may bring.
[[nodiscard]] core::Result<void> confine_prepared_machine(const launch::Preparation& preparation,
                                                          const os::CallRules& own);

/// The rest, when the launch is there.
///
/// Errors: Denied (it reaches more than was said) · as above.
[[nodiscard]] core::Result<void> complete_confinement(const launch::Preparation& preparation,
                                                      const launch::Launch& launch);

}  // namespace merlon::host
