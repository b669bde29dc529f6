#pragma once

// What an enclave gives to EREPORT and what it gets [SDM vol. 3D TARGETINFO, REPORT]: a statement
// of the processor's about it that one other enclave of this machine can check. Little-endian.
// Attacker-controlled until the code of a REPORT has been checked with its target's report key.

#include <array>

#include "merlon/sgx/report_body.h"

namespace merlon::sgx {

using KeyId = core::FixedBytes<struct KeyIdTag, 32>;
using ReportMac = core::FixedBytes<struct ReportMacTag, 16>;

/// For whom a REPORT is made: exactly this enclave can make the key that its code is of.
struct TargetInfo {
  static constexpr std::size_t size = 512;

  MrEnclave mr_enclave;           // 0x000 MEASUREMENT
  std::uint64_t flags{};          // 0x020 ATTRIBUTES
  std::uint64_t xfrm{};           // 0x028
  std::uint8_t cet_attributes{};  // 0x030
  std::uint16_t config_svn{};     // 0x032
  std::uint32_t misc_select{};    // 0x034
  ConfigId config_id;             // 0x040

  /// Malformed: another size, or a reserved byte that is not zero; EREPORT faults on those.
  [[nodiscard]] static core::Result<TargetInfo> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;
  /// Whoever made this report, as a target.
  [[nodiscard]] static TargetInfo of(const ReportBody& body) noexcept;

  friend bool operator==(const TargetInfo&, const TargetInfo&) = default;
};

struct Report {
  static constexpr std::size_t size = 432;

  ReportBody body;  // 0x000
  KeyId key_id;     // 0x180, mixed into the key
  ReportMac mac;    // 0x1A0, of the body's 384 bytes

  /// Malformed: another size, or a reserved byte that is not zero.
  [[nodiscard]] static core::Result<Report> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  friend bool operator==(const Report&, const Report&) = default;
};

}  // namespace merlon::sgx
