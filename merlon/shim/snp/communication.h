#pragma once

// What a processor of SEV-SNP has its own guest do in a hypervisor's place: #VC, vector 29
// [AMD-APM2 §15.35.5]. A host can inject it with any code at any time (WeSee, CVE-2024-25742), so
// one code is served, and it is believed only if the instruction is there.

#include "merlon/shim/linux/registers.h"
#include "merlon/shim/snp/cpuid_page.h"

namespace merlon::shim::snp {

/// Carries out CPUID for ring 3, if `registers`, of a #VC there, are of that instruction: the
/// answer is in them, and they stand behind it. False: it was something else, and nothing has
/// changed.
[[nodiscard]] bool serve_communication(linux::Registers& registers, const Cpuid& cpuid) noexcept;

}  // namespace merlon::shim::snp
