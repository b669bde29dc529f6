#pragma once

// The processor that a keep sees in an enclave. CPUID cannot be asked there, and what a host would
// answer is its word: so it is written down, and measured with the shim. It is what every processor
// with SGX2 has that has AVX [SDM vol. 2A CPUID].

#include "merlon/shim/linux/registers.h"

namespace merlon::shim::sgx {

/// Answers a CPUID: leaf in rax, subleaf in rcx.
void answer_cpuid(linux::Registers& registers) noexcept;

}  // namespace merlon::shim::sgx
