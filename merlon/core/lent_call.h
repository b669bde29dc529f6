#pragma once

// How a keep finds the entry that whoever serves its system calls lends it: a function that is
// called with Linux's registers in place of the instruction. Freestanding.

namespace merlon::core {

/// The tag of its address in the auxiliary vector [psABI §3.4.3]; Linux's tags are small numbers.
/// Without one, system calls are made by the instruction.
inline constexpr unsigned long lent_call_tag = 0x4d4c'0001;

}  // namespace merlon::core
