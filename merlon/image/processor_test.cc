#include "merlon/image/processor.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "merlon/base/instructions.h"

namespace merlon::image {
namespace {

using base::CpuidLeaf;
using base::CpuidTable;

/// A machine of testdata/.
struct Machine {
  HostProcessor processor;
  CpuidTable kvm;
};

bool has_subleaves(std::uint32_t leaf) { return leaf == 0x7 || leaf == 0xd; }

Machine machine(const std::string& name) {
  std::ifstream file("merlon/image/testdata/" + name + ".cpuid");
  EXPECT_TRUE(file) << name;
  std::vector<CpuidLeaf> processor;
  std::vector<CpuidLeaf> kvm;
  Machine made;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string who;
    std::string what;
    words >> who >> what >> std::hex;
    if (what == "xcr0") {
      words >> made.processor.extended_state;
    } else if (what == "same") {
      kvm = processor;
    } else {
      CpuidLeaf leaf;
      leaf.leaf = static_cast<std::uint32_t>(std::stoul(what, nullptr, 16));
      words >> leaf.subleaf >> leaf.registers.eax >> leaf.registers.ebx >> leaf.registers.ecx >>
          leaf.registers.edx;
      leaf.by_subleaf = has_subleaves(leaf.leaf);
      (who == "kvm" ? kvm : processor).push_back(leaf);
    }
    EXPECT_FALSE(words.bad()) << line;
  }
  made.processor.cpuid = CpuidTable(std::move(processor));
  made.kvm = CpuidTable(std::move(kvm));
  return made;
}

KeepProcessor keep_of(const Machine& machine, std::uint64_t taken = 0xe7) {
  return keep_processor(machine.processor, machine.kvm, taken);
}

std::string lacking(const KeepProcessor& keep) {
  return base::lacking_instructions(keep.cpuid, keep.extended_state);
}

bool has(const KeepProcessor& keep, std::string_view name) {
  const auto* const set =
      std::ranges::find(base::instruction_sets, name, &base::Instructions::name);
  EXPECT_NE(set, base::instruction_sets.end()) << name;
  auto found = keep.cpuid.answer(set->leaf, set->subleaf);
  return (word_of(found, set->where) & set->mask()) != 0;
}

/// Whatever the machine: XCR0, leaf 0xd and the instructions that need state agree.
void expect_agreement(const KeepProcessor& keep) {
  const std::uint64_t state = keep.extended_state;
  const auto leaf = keep.cpuid.answer(0xd);
  EXPECT_EQ(std::uint64_t{leaf.edx} << 32U | leaf.eax, state);
  EXPECT_EQ(has(keep, "XSAVE"), state != 0);
  EXPECT_EQ(has(keep, "OSXSAVE"), state != 0);
  EXPECT_EQ(keep.cpuid.find(0xd) != nullptr, state != 0);
  std::uint32_t size = state == 0 ? 0 : 576;
  for (std::uint32_t i = 2; i < 63; ++i) {
    const auto component = keep.cpuid.answer(0xd, i);
    EXPECT_EQ(component.eax != 0, (state >> i & 1U) != 0) << i;
    size = std::max(size, component.eax + component.ebx);
  }
  EXPECT_EQ(leaf.ebx, size);
  EXPECT_EQ(leaf.ecx, size);
  for (const base::Instructions& set : base::instruction_sets) {
    const auto needed = static_cast<std::uint64_t>(set.state);
    if (!has(keep, set.name)) continue;
    EXPECT_EQ(state & needed, needed) << set.name;
  }
}

TEST(KeepProcessor, AgreesWithItselfOnEveryMachine) {
  for (const char* name :
       {"amd_zen5_pvm", "amd_zen1", "intel_cascade_lake_pvm", "haswell", "nehalem"}) {
    for (const std::uint64_t taken : extended_states) {
      SCOPED_TRACE(name);
      const Machine host = machine(name);
      const KeepProcessor keep = keep_of(host, taken);
      expect_agreement(keep);
      // The same again: nothing is added twice, nothing taken away.
      EXPECT_EQ(keep_processor(host.processor, keep.cpuid, taken).extended_state,
                keep.extended_state);
    }
  }
}

TEST(KeepProcessor, HasWhatAHypervisorWithoutVirtualizationLeftOut) {
  const KeepProcessor keep = keep_of(machine("intel_cascade_lake_pvm"));
  EXPECT_EQ(keep.extended_state, 0xe7U);
  EXPECT_EQ(lacking(keep), "");
  // The processor's own sets; x2APIC, the timer and the hypervisor's bit are of KVM's list.
  EXPECT_EQ(keep.cpuid.answer(1).ecx, 0x81202000U | 0xfed83203U);
  EXPECT_EQ(keep.cpuid.answer(7).ebx, 0xd18f0329U | 0x01802042U);
  EXPECT_EQ(keep.cpuid.answer(7).ecx, 4U);
  EXPECT_EQ(keep.cpuid.answer(0x8000'0001).ecx, 0x121U);
  EXPECT_EQ(keep.cpuid.answer(0xd).ebx, 0xa80U);
  EXPECT_EQ(keep.cpuid.find(0xd, 9), nullptr);
}

TEST(KeepProcessor, IsTheWholeOneOnAmdWithoutVirtualization) {
  const KeepProcessor keep = keep_of(machine("amd_zen5_pvm"));
  EXPECT_EQ(keep.extended_state, 0xe7U);
  EXPECT_EQ(lacking(keep), "");
  EXPECT_TRUE(has(keep, "AVX512F"));
  EXPECT_TRUE(has(keep, "LZCNT"));
  EXPECT_TRUE(has(keep, "AVX512_BF16"));
  // Supervisor's business stays as KVM has it: SMEP, INVPCID, SVM.
  EXPECT_EQ(keep.cpuid.answer(7).ebx & (1U << 7U | 1U << 10U), 0U);
  EXPECT_EQ(keep.cpuid.answer(0x8000'0001).ecx & 4U, 0U);
  EXPECT_EQ(keep.cpuid.answer(0xd).ebx, 0x980U);
  // XSAVES would need a supervisor.
  EXPECT_EQ(keep.cpuid.answer(0xd, 1).eax, 7U);
}

TEST(KeepProcessor, LosesAllThatNeedsStateThatIsNotTaken) {
  const KeepProcessor keep = keep_of(machine("intel_cascade_lake_pvm"), 7);
  EXPECT_EQ(keep.extended_state, 7U);
  EXPECT_EQ(lacking(keep), "");
  EXPECT_FALSE(has(keep, "AVX512F"));
  EXPECT_FALSE(has(keep, "AVX512VL"));
  EXPECT_EQ(keep.cpuid.answer(0xd).ebx, 0x340U);
  const KeepProcessor bare = keep_of(machine("intel_cascade_lake_pvm"), 3);
  EXPECT_EQ(bare.extended_state, 3U);
  EXPECT_EQ(lacking(bare), "AVX, AVX2");
  EXPECT_FALSE(has(bare, "FMA"));
  EXPECT_TRUE(has(bare, "BMI2"));
  EXPECT_TRUE(has(bare, "XSAVE"));
}

TEST(KeepProcessor, IsWhatAnOrdinaryHypervisorOffers) {
  for (const char* name : {"haswell", "amd_zen1"}) {
    SCOPED_TRACE(name);
    const Machine host = machine(name);
    const KeepProcessor keep = keep_of(host);
    EXPECT_EQ(keep.extended_state, 7U);
    EXPECT_EQ(lacking(keep), "");
    for (const CpuidLeaf& leaf : host.kvm.leaves()) {
      if (leaf.leaf == 0xd) continue;
      EXPECT_EQ(keep.cpuid.answer(leaf.leaf, leaf.subleaf), leaf.registers) << leaf.leaf;
    }
  }
}

TEST(KeepProcessor, WithoutAvxSaysSo) {
  const KeepProcessor keep = keep_of(machine("nehalem"));
  EXPECT_EQ(keep.extended_state, 0U);
  EXPECT_EQ(lacking(keep), "AVX, AVX2, BMI1, BMI2, LZCNT");
}

TEST(KeepProcessor, HasNothingThatItsOperatingSystemHasSwitchedOff) {
  Machine host = machine("amd_zen5_pvm");
  host.processor.extended_state = 3;
  EXPECT_EQ(lacking(keep_of(host)), "AVX, AVX2");
  host.processor.extended_state = 0;
  const KeepProcessor keep = keep_of(host);
  expect_agreement(keep);
  EXPECT_EQ(keep.extended_state, 0U);
}

TEST(KeepProcessor, HasNoStateWithoutAPlace) {
  Machine host = machine("amd_zen5_pvm");
  host.kvm.remove(0xd, 6);
  const KeepProcessor keep = keep_of(host);
  expect_agreement(keep);
  EXPECT_EQ(keep.extended_state, 7U);
  EXPECT_FALSE(has(keep, "AVX512F"));
}

TEST(KeepProcessor, IsNotGivenWhatOnlyTheHypervisorClaims) {
  Machine host = machine("haswell");
  host.kvm.find(7)->ebx |= 1U << 16U | 1U << 29U;  // AVX-512, SHA
  const KeepProcessor keep = keep_of(host);
  EXPECT_FALSE(has(keep, "AVX512F"));
  EXPECT_FALSE(has(keep, "SHA"));
}

}  // namespace
}  // namespace merlon::image
