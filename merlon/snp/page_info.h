#pragma once

// PAGE_INFO: what the security processor hashes for each page of a guest's launch [SNP-ABI 1.58
// §8.17.2, table 67]. Pure; nothing from outside.

#include <array>
#include <cstdint>

#include "merlon/snp/report.h"

namespace merlon::snp {

/// PAGE_TYPE of SNP_LAUNCH_UPDATE.
enum class PageType : std::uint8_t {
  Normal = 1,      ///< its contents are measured
  Vmsa = 2,        ///< a processor's first registers, measured
  Zero = 3,        ///< zeros, measured as such
  Unmeasured = 4,  ///< its contents are not in the digest: no keep has one
  Secrets = 5,     ///< filled by the firmware
  Cpuid = 6,       ///< checked by the firmware
};

struct PageInfo {
  static constexpr std::size_t size = 0x70;

  LaunchDigest before;    ///< DIGEST_CUR: of all pages before this one; zero for the first
  LaunchDigest contents;  ///< SHA-384 of a Normal page or VMSA, else zero
  PageType type = PageType::Normal;
  std::uint64_t address = 0;  ///< GPA

  /// Little-endian. Nothing is granted to VMPL 1 to 3, and it is no page of a migration image.
  [[nodiscard]] std::array<std::uint8_t, size> bytes() const noexcept;
};

}  // namespace merlon::snp
