#pragma once

// Leaf 2 of CPUID, the older of two ways in which Intel's processors describe their caches.

#include "merlon/base/cpuid.h"

namespace merlon::image {

/// Newer processors say in leaf 2 that leaf 4 has it all (descriptor FF), and a C library that asks
/// for a dozen properties of its caches then goes through leaf 4 a dozen times: some fifty CPUID
/// instructions, each of which may leave the machine. Here leaf 2 gets descriptors of its own
/// again, each of the largest cache of its kind that is not larger than what leaf 4 says, which
/// stays exact [INTEL 2A CPUID, leaves 2 and 4, table 3-12]. Other tables stay as they are.
void describe_caches(base::CpuidTable& cpuid);

}  // namespace merlon::image
