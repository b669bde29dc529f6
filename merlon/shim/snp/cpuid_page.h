#pragma once

// What the processor answers to CPUID, of the page that the firmware has checked [SNP-ABI 1.58
// §8.17.2.6]. A host has written it, and it is not measured: it is read once, into memory of the
// shim's own, and nobody else is asked.

#include <array>
#include <cstddef>
#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/shim/snp/reason.h"

namespace merlon::shim::snp {

struct CpuidAnswer {
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;
  friend bool operator==(const CpuidAnswer&, const CpuidAnswer&) noexcept = default;
};

class Cpuid {
 public:
  static constexpr std::size_t page_size = 4096;
  static constexpr std::size_t most = 64;

  /// Takes over a page of `page_size` bytes, of which each is read once. What is no function of the
  /// processor's counts as not there, and of two answers the first.
  ///
  /// Cpuid: it is none. Encryption: another bit says private. Processor: what every keep needs is
  /// not there (XSAVE with AVX, FSGSBASE, RDRAND).
  [[nodiscard]] Trouble begin(core::ByteView page) noexcept;

  /// The state that a keep may use, for XCR0: the largest that there is room for on the page.
  [[nodiscard]] std::uint64_t extended_state() const noexcept { return state_; }
  [[nodiscard]] bool has_no_user_code() const noexcept;  ///< SMEP

  /// As the processor would answer with that state switched on; zeros to what the page has not.
  [[nodiscard]] CpuidAnswer answer(std::uint32_t leaf, std::uint32_t subleaf) const noexcept;

 private:
  struct Function {
    std::uint32_t leaf = 0;
    std::uint32_t subleaf = 0;
    CpuidAnswer answer;
  };

  [[nodiscard]] const Function* find(std::uint32_t leaf, std::uint32_t subleaf) const noexcept;
  [[nodiscard]] CpuidAnswer found(std::uint32_t leaf, std::uint32_t subleaf) const noexcept;
  [[nodiscard]] std::uint64_t possible_state() const noexcept;
  [[nodiscard]] std::uint32_t state_size(bool compacted) const noexcept;

  std::array<Function, most> functions_{};
  std::size_t count_ = 0;
  std::uint64_t state_ = 0;
};

}  // namespace merlon::shim::snp
