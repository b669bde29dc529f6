#pragma once

// The report of a trust domain [TDX-QUOTE §A.3.2 "TD Quote Body"]: 584 bytes for TDX 1.0, 648
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

/// Bits of TDATTRIBUTES. [TDX-MODULE ABI, ATTRIBUTES]
inline constexpr std::uint64_t attribute_debug = 1;
/// The group TUD, "TD under debug", of which DEBUG is one: any of them makes the domain untrusted.
inline constexpr std::uint64_t attributes_under_debug = 0xFF;
inline constexpr std::uint64_t attribute_sept_ve_disable = 1ULL << 28U;
inline constexpr std::uint64_t attribute_migratable = 1ULL << 29U;
/// Bits 7 to 15, 23 to 26 and 32 to 61, which must be zero: a module that sets one gives it a
/// meaning that is not known here.
inline constexpr std::uint64_t attributes_reserved = 0x3FFF'FFFF'0780'FF80;

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

  [[nodiscard]] bool is_debug() const noexcept {
    return (attributes & attributes_under_debug) != 0;
  }
};

}  // namespace merlon::tdx
