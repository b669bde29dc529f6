#pragma once

// VMSA: the page that a guest's processor starts from and is saved to [AMD-APM2 table B-4, "VMCB
// layout, state save area for SEV-ES"]. It is part of what is measured. Pure; nothing from outside.

#include <array>
#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::image {

/// A segment register. `attributes`: bits 47:40 and 55:52 of a descriptor side by side, as the
/// save area has them.
struct VmsaSegment {
  std::uint16_t selector = 0;
  std::uint16_t attributes = 0;
  std::uint32_t limit = 0;
  std::uint64_t base = 0;
};

/// Bits of SEV_FEATURES.
enum class SevFeature : std::uint8_t {
  SnpActive = 0,
  RestrictedInjection = 3,
  AlternateInjection = 4,
  DebugSwap = 5,
};
[[nodiscard]] constexpr std::uint64_t bit_of(SevFeature feature) noexcept {
  return std::uint64_t{1} << static_cast<unsigned>(feature);
}

inline constexpr std::size_t vmsa_size = 4096;
/// The address under which every VMSA is measured [SNP-ABI 1.58 §8.17.2].
inline constexpr std::uint64_t vmsa_address = 0xFFFF'FFFF'F000;

/// What a launcher sets, or the kernel beneath it; every other byte is zero.
struct Vmsa {
  VmsaSegment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
  std::uint8_t vmpl = 0;
  std::uint8_t cpl = 0;
  std::uint64_t efer = 0;
  std::uint64_t cr4 = 0;
  std::uint64_t cr3 = 0;
  std::uint64_t cr0 = 0;
  std::uint64_t dr7 = 0;
  std::uint64_t dr6 = 0;
  std::uint64_t rflags = 0;
  std::uint64_t rip = 0;
  std::uint64_t rsp = 0;
  std::uint64_t rax = 0;
  std::uint64_t page_attributes = 0;  ///< G_PAT
  std::uint64_t rdx = 0;
  std::uint64_t rdi = 0;
  std::uint64_t sev_features = 0;
  std::uint64_t xcr0 = 0;
  std::uint32_t mxcsr = 0;
  std::uint16_t x87_control = 0;

  /// The page as it is measured, little-endian.
  [[nodiscard]] std::array<std::uint8_t, vmsa_size> page() const noexcept;
  /// From such a page. Malformed: another size. Unsupported: a byte that is not zero and belongs to
  /// no field above.
  [[nodiscard]] static core::Result<Vmsa> from_page(core::ByteView page) noexcept;
};

}  // namespace merlon::image
