#include "merlon/os/processor.h"

#include <array>

#include <cpuid.h>
// The C library's header is C, where g++ alone takes _Bool in C++ too.
#define _Bool bool
#include <sys/platform/x86.h>
#undef _Bool

#include "merlon/base/instructions.h"

namespace merlon::os {

namespace {

struct Question {
  std::uint32_t leaf;
  std::uint32_t subleaf;
};

constexpr std::uint32_t first_extended = 0x8000'0000;

constexpr auto questions = std::array{Question{0x1, 0}, Question{0x7, 0}, Question{0x7, 1},
                                      Question{0xd, 1}, Question{first_extended + 1, 0}};

}  // namespace

base::CpuidRegisters cpuid(std::uint32_t leaf, std::uint32_t subleaf) noexcept {
  base::CpuidRegisters found;
  __cpuid_count(leaf, subleaf, found.eax, found.ebx, found.ecx, found.edx);
  return found;
}

base::CpuidTable instruction_leaves() {
  const std::uint32_t last = cpuid(0).eax;
  const std::uint32_t last_extended = cpuid(first_extended).eax;
  std::vector<base::CpuidLeaf> leaves;
  for (const Question& each : questions) {
    // Intel's processors answer a leaf beyond the last as they do the last.
    if (each.leaf > (each.leaf < first_extended ? last : last_extended)) continue;
    if (each.subleaf == 1 && each.leaf == 0x7 && leaves.back().registers.eax == 0) continue;
    leaves.push_back({each.leaf, each.subleaf, each.leaf == 0x7 || each.leaf == 0xd,
                      cpuid(each.leaf, each.subleaf)});
  }
  return base::CpuidTable(std::move(leaves));
}

std::uint64_t extended_state(const base::CpuidTable& cpuid) noexcept {
  constexpr std::uint32_t switched_on = std::uint32_t{1} << 27U;  // OSXSAVE
  if ((cpuid.answer(1).ecx & switched_on) == 0) return 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  // SAFETY: ring 3 may read XCR0 where OSXSAVE is set [INTEL 2C XGETBV]; nothing is written.
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32U | low;
}

std::string lacking_instructions() {
  struct Need {
    std::string_view name;
    bool active;
  };
  // What the C library calls active, processor and operating system both have.
  const std::array<Need, base::needed_instructions.size()> needs{
      {{"AVX", CPU_FEATURE_ACTIVE(AVX) != 0},
       {"AVX2", CPU_FEATURE_ACTIVE(AVX2) != 0},
       {"BMI1", CPU_FEATURE_ACTIVE(BMI1) != 0},
       {"BMI2", CPU_FEATURE_ACTIVE(BMI2) != 0},
       {"LZCNT", CPU_FEATURE_ACTIVE(LZCNT) != 0},
       {"POPCNT", CPU_FEATURE_ACTIVE(POPCNT) != 0}}};
  std::string lacking;
  for (const Need& each : needs) {
    if (each.active) continue;
    if (!lacking.empty()) lacking += ", ";
    lacking += each.name;
  }
  return lacking;
}

}  // namespace merlon::os
