#include "merlon/base/instructions.h"

#include <algorithm>

namespace merlon::base {

namespace {

constexpr const Instructions& find_set(std::string_view name) {
  return *std::ranges::find(instruction_sets, name, &Instructions::name);
}

bool has(const CpuidTable& cpuid, std::uint64_t extended_state, const Instructions& set) {
  CpuidRegisters found = cpuid.answer(set.leaf, set.subleaf);
  const auto state = static_cast<std::uint64_t>(set.state);
  return (word_of(found, set.where) & set.mask()) != 0 && (extended_state & state) == state;
}

static_assert(std::ranges::all_of(needed_instructions, [](std::string_view name) {
  return std::ranges::find(instruction_sets, name, &Instructions::name) != instruction_sets.end();
}));

}  // namespace

std::string lacking_instructions(const CpuidTable& cpuid, std::uint64_t extended_state) {
  std::string lacking;
  for (const std::string_view name : needed_instructions) {
    if (has(cpuid, extended_state, find_set(name))) continue;
    if (!lacking.empty()) lacking += ", ";
    lacking += name;
  }
  return lacking;
}

}  // namespace merlon::base
