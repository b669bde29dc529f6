#pragma once

// SIGSTRUCT [SDM vol. 3D SIGSTRUCT]: which enclave its signer means, and his signature. 1808 bytes,
// little-endian. Attacker-controlled until its signature has been checked.

#include <array>

#include "merlon/sgx/report_body.h"

namespace merlon::sgx {

/// Numbers of RSA with 3072 bits as they stand: least significant byte first.
using SignerModulus = core::FixedBytes<struct SignerModulusTag, 384>;
using EnclaveSignature = core::FixedBytes<struct EnclaveSignatureTag, 384>;
using SignatureQuotient = core::FixedBytes<struct SignatureQuotientTag, 384>;

inline constexpr std::uint64_t attribute_mode64bit = 1U << 2U;
/// MISCSELECT: what the processor tells of page faults.
inline constexpr std::uint32_t misc_exinfo = 1U << 0U;

struct Sigstruct {
  static constexpr std::size_t size = 1808;
  static constexpr std::size_t signed_size = 256;
  static constexpr std::uint32_t exponent = 3;
  static constexpr std::uint32_t vendor_intel = 0x8086;

  std::uint32_t vendor = 0;  // 0x010: 0, or Intel's
  std::uint32_t date = 0;    // 0x014: 0x20260131 is 31 January 2026; 0 where nobody says it
  std::uint32_t software_defined = 0;  // 0x028
  SignerModulus modulus;               // 0x080
  EnclaveSignature signature;          // 0x204, behind the exponent
  std::uint32_t misc_select = 0;       // 0x384
  std::uint32_t misc_mask = 0;         // 0x388: which bits of MISCSELECT must be as here
  std::uint8_t cet_attributes = 0;     // 0x38C
  std::uint8_t cet_mask = 0;           // 0x38D
  IsvFamilyId family_id;               // 0x390, zero without KSS
  std::uint64_t flags = 0;             // 0x3A0 ATTRIBUTES
  std::uint64_t xfrm = 0;              // 0x3A8
  std::uint64_t flags_mask = 0;        // 0x3B0: which bits of ATTRIBUTES must be as here
  std::uint64_t xfrm_mask = 0;         // 0x3B8
  MrEnclave mr_enclave;                // 0x3C0
  IsvExtProdId ext_product_id;         // 0x3F0, zero without KSS
  std::uint16_t product_id = 0;        // 0x400
  std::uint16_t svn = 0;               // 0x402
  SignatureQuotient q1;                // 0x410
  SignatureQuotient q2;                // 0x590

  /// Malformed: another size, headers that are not as they must be, reserved bytes that are not
  /// zero. Unsupported: another vendor or exponent.
  [[nodiscard]] static core::Result<Sigstruct> parse(core::ByteView bytes) noexcept;
  [[nodiscard]] std::array<std::uint8_t, size> to_bytes() const noexcept;

  /// What the signature is over: bytes 0 to 128 and 900 to 1028.
  [[nodiscard]] std::array<std::uint8_t, signed_size> signed_bytes() const noexcept;

  friend bool operator==(const Sigstruct&, const Sigstruct&) = default;
};

}  // namespace merlon::sgx
