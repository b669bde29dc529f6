#pragma once

// ATTESTATION_REPORT [SNP-ABI 1.58 §7.3]: 1184 bytes, little-endian. Attacker-controlled until its
// signature has been checked.

#include <array>

#include "merlon/snp/tcb_version.h"

namespace merlon::snp {

using LaunchDigest = core::FixedBytes<struct LaunchDigestTag, 48>;
using HostData = core::FixedBytes<struct HostDataTag, 32>;
using IdKeyDigest = core::FixedBytes<struct IdKeyDigestTag, 48>;
using AuthorKeyDigest = core::FixedBytes<struct AuthorKeyDigestTag, 48>;
using ReportData = core::FixedBytes<struct SnpReportDataTag, 64>;
using ReportId = core::FixedBytes<struct ReportIdTag, 32>;
using ReportIdMa = core::FixedBytes<struct ReportIdMaTag, 32>;
using FamilyId = core::FixedBytes<struct FamilyIdTag, 16>;
using ImageId = core::FixedBytes<struct ImageIdTag, 16>;
using ChipId = core::FixedBytes<struct ChipIdTag, 64>;
using ReportSignature = core::FixedBytes<struct ReportSignatureTag, 96>;  ///< r ‖ s, big-endian

/// POLICY [SNP-ABI 1.58 §4.3].
struct GuestPolicy {
  std::uint64_t bits = 0;
  [[nodiscard]] std::uint8_t abi_minor() const noexcept { return static_cast<std::uint8_t>(bits); }
  [[nodiscard]] std::uint8_t abi_major() const noexcept {
    return static_cast<std::uint8_t>(bits >> 8U);
  }
  [[nodiscard]] bool has(unsigned bit) const noexcept { return (bits >> bit & 1U) != 0; }
  [[nodiscard]] bool smt() const noexcept { return has(16); }
  [[nodiscard]] bool migration_agent() const noexcept { return has(18); }
  [[nodiscard]] bool debug() const noexcept { return has(19); }
  [[nodiscard]] bool single_socket() const noexcept { return has(20); }
  /// Bit 17 is one, and no bit above 25 is.
  [[nodiscard]] bool has_reserved_bits_right() const noexcept {
    return has(17) && bits >> 26U == 0;
  }
  friend bool operator==(const GuestPolicy&, const GuestPolicy&) = default;
};

/// Bits of PLATFORM_INFO.
enum class PlatformBit : std::uint8_t {
  Smt = 0,
  Tsme = 1,
  Ecc = 2,
  RaplDisabled = 3,
  CiphertextHiding = 4,
  AliasCheckComplete = 5,
  Tio = 7,
};
inline constexpr auto all_platform_bits = std::array{PlatformBit::Smt,
                                                     PlatformBit::Tsme,
                                                     PlatformBit::Ecc,
                                                     PlatformBit::RaplDisabled,
                                                     PlatformBit::CiphertextHiding,
                                                     PlatformBit::AliasCheckComplete,
                                                     PlatformBit::Tio};
/// "alias-check"; as policies name them.
[[nodiscard]] std::string_view to_string(PlatformBit bit) noexcept;

enum class SigningKey : std::uint8_t { Vcek = 0, Vlek = 1, None = 7, Unknown = 255 };
[[nodiscard]] std::string_view to_string(SigningKey key) noexcept;

struct FirmwareVersion {
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint8_t build = 0;
  friend auto operator<=>(const FirmwareVersion&, const FirmwareVersion&) = default;
};

struct Cpuid {
  std::uint8_t family = 0;
  std::uint8_t model = 0;
  std::uint8_t stepping = 0;
  friend bool operator==(const Cpuid&, const Cpuid&) = default;
};

struct Report {
  static constexpr std::size_t size = 1184;
  static constexpr std::size_t signed_size = 0x2A0;

  std::uint32_t version = 0;              // 0x000
  std::uint32_t guest_svn = 0;            // 0x004
  GuestPolicy policy;                     // 0x008
  FamilyId family_id;                     // 0x010
  ImageId image_id;                       // 0x020
  std::uint32_t vmpl = 0;                 // 0x030: 0 to 3, or 0xFFFFFFFF: asked for by the host
  std::uint32_t signature_algorithm = 0;  // 0x034: 1 ECDSA P-384 with SHA-384
  TcbVersion current_tcb;                 // 0x038
  std::uint64_t platform_info = 0;        // 0x040
  bool author_key_enabled = false;        // 0x048 bit 0
  bool chip_key_masked = false;           // 0x048 bit 1
  SigningKey signing_key = SigningKey::Unknown;      // 0x048 bits 4:2
  ReportData report_data;                            // 0x050
  LaunchDigest measurement;                          // 0x090
  HostData host_data;                                // 0x0C0
  IdKeyDigest id_key_digest;                         // 0x0E0
  AuthorKeyDigest author_key_digest;                 // 0x110, zero without an author key
  ReportId report_id;                                // 0x140
  ReportIdMa report_id_ma;                           // 0x160, all ones without a migration agent
  TcbVersion reported_tcb;                           // 0x180: what VCEK and VLEK are derived from
  std::optional<Cpuid> cpuid;                        // 0x188, from version 3 on
  ChipId chip_id;                                    // 0x1A0, zero if masked or signed by a VLEK
  TcbVersion committed_tcb;                          // 0x1E0
  FirmwareVersion current;                           // 0x1E8
  FirmwareVersion committed;                         // 0x1EC
  TcbVersion launch_tcb;                             // 0x1F0
  std::optional<std::uint64_t> launch_mitigations;   // 0x1F8, from version 5 on
  std::optional<std::uint64_t> current_mitigations;  // 0x200, from version 5 on
  ReportSignature signature;                         // 0x2A0

  /// Malformed: another size, reserved bytes or bits that are not zero, POLICY bit 17 not one.
  /// Unsupported: a version that is not 2 to 5.
  [[nodiscard]] static core::Result<Report> parse(core::ByteView bytes) noexcept;

  /// The bytes that parse() reads as this, the signature among them. Fields that its version has
  /// not are left out. An Unknown signing key is written as a number that nobody knows.
  [[nodiscard]] std::array<std::uint8_t, size> bytes() const noexcept;

  [[nodiscard]] bool has(PlatformBit bit) const noexcept {
    return (platform_info >> static_cast<unsigned>(bit) & 1U) != 0;
  }
};

inline constexpr std::uint32_t host_vmpl = 0xFFFF'FFFF;

}  // namespace merlon::snp
