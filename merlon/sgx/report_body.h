#pragma once

// The report body of an enclave [SDM vol. 3D REPORT]: 384 bytes, little-endian.
// Attacker-controlled until a quote's signature over it has been checked.

#include <array>

#include "merlon/core/fixed_bytes.h"

namespace merlon::sgx {

using CpuSvn = core::FixedBytes<struct CpuSvnTag, 16>;
using MrEnclave = core::FixedBytes<struct MrEnclaveTag, 32>;
using MrSigner = core::FixedBytes<struct MrSignerTag, 32>;
using ReportData = core::FixedBytes<struct SgxReportDataTag, 64>;
using IsvExtProdId = core::FixedBytes<struct IsvExtProdIdTag, 16>;
using IsvFamilyId = core::FixedBytes<struct IsvFamilyIdTag, 16>;
using ConfigId = core::FixedBytes<struct ConfigIdTag, 64>;
using Attributes = core::FixedBytes<struct AttributesTag, 16>;  ///< flags ‖ XFRM as they stand

/// Bits of ATTRIBUTES.flags.
inline constexpr std::uint64_t attribute_init = 1U << 0U;
inline constexpr std::uint64_t attribute_debug = 1U << 1U;
inline constexpr std::uint64_t attribute_provision_key = 1U << 4U;
inline constexpr std::uint64_t attribute_einit_token_key = 1U << 5U;
inline constexpr std::uint64_t attribute_kss = 1U << 7U;

struct ReportBody {
  static constexpr std::size_t size = 384;

  CpuSvn cpu_svn;               // 0x000
  std::uint32_t misc_select{};  // 0x010
  IsvExtProdId ext_product_id;  // 0x020, zero without KSS
  std::uint64_t flags{};        // 0x030 ATTRIBUTES
  std::uint64_t xfrm{};         // 0x038
  MrEnclave mr_enclave;         // 0x040
  MrSigner mr_signer;           // 0x080
  ConfigId config_id;           // 0x0C0, zero without KSS
  std::uint16_t product_id{};   // 0x100
  std::uint16_t svn{};          // 0x102
  std::uint16_t config_svn{};   // 0x104, zero without KSS
  IsvFamilyId family_id;        // 0x130, zero without KSS
  ReportData report_data;       // 0x140

  /// Malformed for another size or a reserved byte that is not zero.
  [[nodiscard]] static core::Result<ReportBody> parse(core::ByteView bytes) noexcept;

  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  [[nodiscard]] bool is_debug() const noexcept { return (flags & attribute_debug) != 0; }
  /// flags and XFRM as the 16 bytes they are.
  [[nodiscard]] Attributes attributes() const noexcept;

  friend bool operator==(const ReportBody&, const ReportBody&) = default;
};

}  // namespace merlon::sgx
