#pragma once

// The report of a trust domain [TDX-QUOTE Appendix A.3 "TD Quote Body"]: 584 bytes for TDX 1.0, 648
// for 1.5, little-endian. Attacker-controlled until a quote's signature over it has been checked.

#include <optional>

#include "merlon/core/fixed_bytes.h"

namespace merlon::tdx {

using TeeTcbSvn = core::FixedBytes<struct TeeTcbSvnTag, 16>;
using MrSeam = core::FixedBytes<struct MrSeamTag, 48>;
using MrSignerSeam = core::FixedBytes<struct TdMrSignerSeamTag, 48>;
using SeamAttributes = core::FixedBytes<struct TdSeamAttributesTag, 8>;
using MrTd = core::FixedBytes<struct MrTdTag, 48>;
using MrConfigId = core::FixedBytes<struct MrConfigIdTag, 48>;
using MrOwner = core::FixedBytes<struct MrOwnerTag, 48>;
using MrOwnerConfig = core::FixedBytes<struct MrOwnerConfigTag, 48>;
using RtMr = core::FixedBytes<struct RtMrTag, 48>;
using MrServiceTd = core::FixedBytes<struct MrServiceTdTag, 48>;
using ReportData = core::FixedBytes<struct TdReportDataTag, 64>;

inline constexpr std::uint64_t attribute_debug = 1;  // TUD, bit 0
inline constexpr std::uint64_t attribute_sept_ve_disable = 1ULL << 28U;
/// Bits of TDATTRIBUTES that the module's specification gives a meaning: DEBUG, SEPT_VE_DISABLE,
/// MIGRATABLE, PKS, KL, PERFMON.
inline constexpr std::uint64_t attribute_migratable = 1ULL << 29U;

struct TdReport {
  static constexpr std::size_t size_10 = 584;
  static constexpr std::size_t size_15 = 648;

  TeeTcbSvn tee_tcb_svn;                     // 0: [0] module's minor, [1] module's major version
  MrSeam mr_seam;                            // 16: the TDX module
  MrSignerSeam mr_signer_seam;               // 64: zero for Intel's module
  SeamAttributes seam_attributes;            // 112: zero
  std::uint64_t attributes{};                // 120 TDATTRIBUTES
  std::uint64_t xfam{};                      // 128
  MrTd mr_td;                                // 136: the domain as it was built
  MrConfigId mr_config_id;                   // 184
  MrOwner mr_owner;                          // 232
  MrOwnerConfig mr_owner_config;             // 280
  std::array<RtMr, 4> rt_mr{};               // 328: extended at run time
  ReportData report_data;                    // 520
  std::optional<TeeTcbSvn> tee_tcb_svn2;     // 584, 1.5 only: of the module that runs now
  std::optional<MrServiceTd> mr_service_td;  // 600, 1.5 only

  /// Malformed for another size.
  [[nodiscard]] static core::Result<TdReport> parse(core::ByteView bytes) noexcept;

  [[nodiscard]] bool is_debug() const noexcept { return (attributes & attribute_debug) != 0; }
};

}  // namespace merlon::tdx
