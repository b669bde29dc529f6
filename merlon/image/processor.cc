#include "merlon/image/processor.h"

#include <algorithm>
#include <vector>

#include "merlon/base/instructions.h"
#include "merlon/image/cache_descriptors.h"

namespace merlon::image {

using base::CpuidLeaf;
using base::CpuidRegisters;
using base::CpuidTable;

namespace {

constexpr std::uint32_t state_leaf = 0xd;
constexpr std::uint32_t first_component = 2;
constexpr std::uint32_t last_component = 62;
/// x87 and SSE, and the header behind them [INTEL 1 §13.4].
constexpr std::uint32_t legacy_area = 576;
constexpr std::uint32_t aligned_component = 2;  // of ecx
constexpr std::uint32_t alignment = 64;

bool has_component(std::uint64_t state, std::uint32_t component) noexcept {
  return component <= last_component && (state >> component & 1U) != 0;
}

std::uint64_t largest_state(const HostProcessor& host, const CpuidTable& offered,
                            std::uint64_t taken) noexcept {
  const CpuidRegisters* const leaf = offered.find(state_leaf);
  const bool has_xsave = leaf != nullptr && host.extended_state != 0;
  if (!has_xsave) return 0;
  std::uint64_t both = host.extended_state & taken & leaf->eax;
  // A component without a place cannot be kept.
  for (std::uint32_t i = first_component; i <= last_component; ++i) {
    if (has_component(both, i) && offered.answer(state_leaf, i).eax == 0) {
      both &= ~(std::uint64_t{1} << i);
    }
  }
  const auto* const found = std::ranges::find_if(
      extended_states, [&](std::uint64_t state) { return (state & both) == state; });
  return found == extended_states.end() ? 0 : *found;
}

void set_instructions(CpuidTable& cpuid, const CpuidTable& host, std::uint64_t state) {
  for (const base::Instructions& set : base::instruction_sets) {
    CpuidRegisters* const leaf = cpuid.find(set.leaf, set.subleaf);
    if (leaf == nullptr) continue;
    CpuidRegisters found = host.answer(set.leaf, set.subleaf);
    const auto needed = static_cast<std::uint64_t>(set.state);
    const bool usable = (word_of(found, set.where) & set.mask()) != 0 && (state & needed) == needed;
    std::uint32_t& word = word_of(*leaf, set.where);
    word = usable ? word | set.mask() : word & ~set.mask();
  }
}

/// Leaf 0xd of a processor with `state`: its components' places are the processor's own.
void set_state(CpuidTable& cpuid, std::uint64_t state) {
  std::vector<CpuidLeaf> leaves;
  CpuidRegisters features;
  for (const CpuidLeaf& each : cpuid.leaves()) {
    if (each.leaf != state_leaf) leaves.push_back(each);
    if (each.leaf == state_leaf && each.subleaf == 1) features.eax = each.registers.eax;
  }
  if (state != 0) {
    std::uint32_t standard = legacy_area;
    std::uint32_t compacted = legacy_area;
    std::vector<CpuidLeaf> components;
    for (std::uint32_t i = first_component; i <= last_component; ++i) {
      if (!has_component(state, i)) continue;
      const CpuidRegisters place = cpuid.answer(state_leaf, i);
      standard = std::max(standard, place.ebx + place.eax);
      if ((place.ecx & aligned_component) != 0) {
        compacted = (compacted + alignment - 1) / alignment * alignment;
      }
      compacted += place.eax;
      components.push_back({state_leaf, i, true, place});
    }
    leaves.push_back({state_leaf,
                      0,
                      true,
                      {static_cast<std::uint32_t>(state), standard, standard,
                       static_cast<std::uint32_t>(state >> 32U)}});
    leaves.push_back({state_leaf, 1, true, {features.eax, compacted, 0, 0}});
    leaves.insert(leaves.end(), components.begin(), components.end());
  }
  cpuid = CpuidTable(std::move(leaves));
}

}  // namespace

KeepProcessor keep_processor(const HostProcessor& host, const CpuidTable& offered,
                             std::uint64_t taken) {
  KeepProcessor keep{offered, largest_state(host, offered, taken)};
  set_instructions(keep.cpuid, host.cpuid, keep.extended_state);
  set_state(keep.cpuid, keep.extended_state);
  describe_caches(keep.cpuid);
  return keep;
}

}  // namespace merlon::image
