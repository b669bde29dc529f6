#pragma once

// What a processor says of itself, as data [INTEL 2A CPUID; AMD 3 appendix E]. Pure; whoever reads
// the real one is os/processor.h.

#include <algorithm>
#include <compare>
#include <cstdint>
#include <vector>

namespace merlon::base {

/// What CPUID answers.
struct CpuidRegisters {
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;
  bool operator==(const CpuidRegisters&) const = default;
};

/// The four, for tables.
enum class CpuidRegister : std::uint8_t { Eax, Ebx, Ecx, Edx };

[[nodiscard]] constexpr std::uint32_t& word_of(CpuidRegisters& registers,
                                               CpuidRegister which) noexcept {
  switch (which) {
    case CpuidRegister::Eax: return registers.eax;
    case CpuidRegister::Ebx: return registers.ebx;
    case CpuidRegister::Ecx: return registers.ecx;
    case CpuidRegister::Edx: return registers.edx;
  }
  return registers.edx;
}

/// One leaf of a table. Subleaf 0 of a leaf that has no others says nothing of subleaves.
struct CpuidLeaf {
  std::uint32_t leaf = 0;
  std::uint32_t subleaf = 0;
  bool by_subleaf = false;  ///< the answer depends on ecx
  CpuidRegisters registers;
};

/// Some leaves of a processor, in any order.
class CpuidTable {
 public:
  CpuidTable() = default;
  explicit CpuidTable(std::vector<CpuidLeaf> leaves) : leaves_(std::move(leaves)) {}

  [[nodiscard]] const std::vector<CpuidLeaf>& leaves() const noexcept { return leaves_; }
  /// Null for a leaf that is not in the table.
  [[nodiscard]] const CpuidRegisters* find(std::uint32_t leaf,
                                           std::uint32_t subleaf = 0) const noexcept {
    const auto found = std::ranges::find_if(leaves_, [&](const CpuidLeaf& each) {
      return each.leaf == leaf && each.subleaf == subleaf;
    });
    return found == leaves_.end() ? nullptr : &found->registers;
  }
  [[nodiscard]] CpuidRegisters* find(std::uint32_t leaf, std::uint32_t subleaf = 0) noexcept {
    return const_cast<CpuidRegisters*>(  // SAFETY: this object is not const here
        static_cast<const CpuidTable&>(*this).find(leaf, subleaf));
  }
  /// Zeros for a leaf that is not in the table, as a processor answers.
  [[nodiscard]] CpuidRegisters answer(std::uint32_t leaf,
                                      std::uint32_t subleaf = 0) const noexcept {
    const CpuidRegisters* const found = find(leaf, subleaf);
    return found == nullptr ? CpuidRegisters{} : *found;
  }
  void remove(std::uint32_t leaf, std::uint32_t subleaf) {
    std::erase_if(leaves_, [&](const CpuidLeaf& each) {
      return each.leaf == leaf && each.subleaf == subleaf;
    });
  }

 private:
  std::vector<CpuidLeaf> leaves_;
};

}  // namespace merlon::base
