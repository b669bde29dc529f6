#pragma once

// Functions that the kernel lends this process [LINUX vdso(7)]: its own memory, which is trusted as
// the kernel is.

#include <string_view>

#include "merlon/core/bytes.h"

namespace merlon::host::sgx {

/// The offset of a function in a vdso; 0 if it has none of that name, or is no such file.
[[nodiscard]] std::uint64_t find_function(core::ByteView vdso, std::string_view name) noexcept;
/// The address of a function of this process's vdso; null if there is none.
[[nodiscard]] void* lent_function(std::string_view name) noexcept;

}  // namespace merlon::host::sgx
