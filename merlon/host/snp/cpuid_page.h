#pragma once

// The page in which an attested keep finds its processor's CPUID, since it must not ask its host:
// the firmware checks each answer against what the hardware guarantees [SNP-ABI 1.58 §8.17.2.6].
// Pure.
//
//   0x000  4    count, at most 64
//   0x004  12   zero
//   0x010  48   for each function: EAX and ECX asked with, XCR0 and XSS as they are then (8 each),
//               EAX, EBX, ECX, EDX answered, 8 zero; all little-endian

#include <array>
#include <cstdint>
#include <vector>

#include "merlon/base/cpuid.h"
#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/image/processor.h"

namespace merlon::host::snp {

using CpuidPage = std::array<std::uint8_t, 4096>;

/// Leaves that a processor answers with zeros are left out, and a hypervisor's own. Leaf 0xd is as
/// with XCR0 = 1, with which a processor starts: the size of a larger state its reader computes
/// from the components. Exhausted: more than 64 leaves.
[[nodiscard]] core::Result<CpuidPage> cpuid_page(const image::KeepProcessor& processor);

/// What the firmware would have in place of an answer.
struct CpuidCorrection {
  std::uint32_t leaf = 0;
  std::uint32_t subleaf = 0;
  base::CpuidRegisters asked;
  base::CpuidRegisters corrected;
};

/// Where `corrected`, which comes from outside, differs from `asked`, a page of cpuid_page().
/// Malformed: it differs in more than answers.
[[nodiscard]] core::Result<std::vector<CpuidCorrection>> corrections(core::ByteView asked,
                                                                     core::ByteView corrected);

}  // namespace merlon::host::snp
