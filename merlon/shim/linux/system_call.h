#pragma once

// A system call of the keep: served here, or passed through the sallyport.

#include "merlon/shim/linux/registers.h"

namespace merlon::shim::linux {

/// `registers.vector` is its number; the result goes to `registers.rax`.
extern "C" void shim_system_call(Registers* registers) noexcept;

}  // namespace merlon::shim::linux
