#pragma once

// The processor that a keep sees: CPUID and extended state. One pure function of what the host's
// processor has and what the host's hypervisor offers, so that every launcher gives the same keep
// the same processor.

#include <array>
#include <cstdint>

#include "merlon/base/cpuid.h"

namespace merlon::image {

/// A processor as it is: CPUID, and the state that its operating system has switched on.
struct HostProcessor {
  base::CpuidTable cpuid;
  std::uint64_t extended_state = 0;  ///< XCR0; 0 without XSAVE
};

/// A keep's.
struct KeepProcessor {
  base::CpuidTable cpuid;
  std::uint64_t extended_state = 0;  ///< for XCR0; 0 without XSAVE
};

/// Values of XCR0 that a keep may have, the largest first [INTEL 1 §13.3].
inline constexpr std::array<std::uint64_t, 3> extended_states{0xe7, 0x07, 0x03};

/// The keep's processor: the hypervisor's list, with every set of instructions that needs no help
/// of a supervisor (base/instructions.def) exactly as the host's processor has it. Hypervisors that
/// emulate a processor in software leave out instructions that run all the same.
///
/// `offered` is the hypervisor's list (KVM_GET_SUPPORTED_CPUID); `taken` an XCR0 that it takes, one
/// of extended_states. The result's state is the largest of these that is in `taken` and in the
/// host's; what needs more of it is not in the result's CPUID, and leaf 0xd says the same.
[[nodiscard]] KeepProcessor keep_processor(const HostProcessor& host,
                                           const base::CpuidTable& offered, std::uint64_t taken);

}  // namespace merlon::image
