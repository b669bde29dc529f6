#pragma once

// What an enclave gives to EGETKEY [SDM vol. 3D KEYREQUEST]: 512 bytes, little-endian. From the
// enclave, which need not mean well; whether it may have that key is the processor's to judge.

#include <array>

#include "merlon/sgx/report.h"

namespace merlon::sgx {

/// [SDM vol. 3D "KEYREQUEST KeyNames"] Others can be asked for, and there are none.
enum class KeyName : std::uint16_t {
  EinitToken = 0,
  Provision = 1,
  ProvisionSeal = 2,
  Reporting = 3,
  Seal = 4,
};

/// Bits of KEYPOLICY: what of the enclave a seal key is mixed of.
enum class KeyPolicy : std::uint16_t {
  OfEnclave = 1U << 0U,
  OfSigner = 1U << 1U,
  NoProductId = 1U << 2U,        ///< without ISVPRODID; this one and the next ones with KSS only
  OfConfig = 1U << 3U,           ///< and CONFIGSVN
  OfFamily = 1U << 4U,           ///< ISVFAMILYID
  OfExtendedProduct = 1U << 5U,  ///< ISVEXTPRODID
};
inline constexpr std::uint16_t all_key_policies = 0x3F;
inline constexpr std::uint16_t kss_key_policies = 0x3C;

struct KeyRequest {
  static constexpr std::size_t size = 512;

  KeyName name = KeyName::Seal;  // 0x000, any number
  std::uint16_t policy = 0;      // 0x002, bits of KeyPolicy
  std::uint16_t svn = 0;         // 0x004 ISVSVN
  std::uint8_t cet_mask = 0;     // 0x006
  CpuSvn cpu_svn;                // 0x008
  std::uint64_t flags_mask = 0;  // 0x018 ATTRIBUTEMASK
  std::uint64_t xfrm_mask = 0;   // 0x020
  KeyId key_id;                  // 0x028
  std::uint32_t misc_mask = 0;   // 0x048
  std::uint16_t config_svn = 0;  // 0x04C, with KSS only

  [[nodiscard]] bool has(KeyPolicy bit) const noexcept {
    return (policy & static_cast<std::uint16_t>(bit)) != 0;
  }

  /// Malformed: another size, a policy bit that there is none of, or a reserved byte that is not
  /// zero; EGETKEY faults on those.
  [[nodiscard]] static core::Result<KeyRequest> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  friend bool operator==(const KeyRequest&, const KeyRequest&) = default;
};

}  // namespace merlon::sgx
