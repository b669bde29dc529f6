// KVM as this machine has it. Each test is skipped where there is none.

#include "merlon/host/kvm/device.h"

#include <array>
#include <map>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "merlon/host/kvm/memory.h"

namespace merlon::host::kvm {
namespace {

constexpr std::uint32_t lstar = 0xc000'0082;

class KvmDevice : public ::testing::Test {
 protected:
  void SetUp() override {
    auto machine = VirtualMachine::create();
    if (!machine) GTEST_SKIP() << "no KVM: " << os::describe(machine.error());
    machine_.emplace(*std::move(machine));
    auto processor = machine_->create_processor();
    ASSERT_TRUE(processor.has_value());
    processor_.emplace(*std::move(processor));
  }
  std::optional<VirtualMachine> machine_;
  std::optional<Processor> processor_;
};

TEST_F(KvmDevice, OffersEachLeafOnce) {
  const auto offered = machine_->supported_cpuid();
  ASSERT_TRUE(offered.has_value());
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> times;
  for (const base::CpuidLeaf& leaf : offered->leaves()) {
    EXPECT_EQ(++times[std::pair(leaf.leaf, leaf.subleaf)], 1) << leaf.leaf << " " << leaf.subleaf;
  }
  EXPECT_GT(times.size(), 4U);
}

/// What became of them KVM does not tell: a keep sees it.
TEST_F(KvmDevice, TakesTheLeavesThatItOffers) {
  const auto offered = machine_->supported_cpuid();
  ASSERT_TRUE(offered.has_value());
  EXPECT_TRUE(processor_->set_cpuid(*offered));
  const base::CpuidTable many(std::vector<base::CpuidLeaf>(257, {1, 0, false, {}}));
  EXPECT_EQ(processor_->set_cpuid(many).error(), os::Errno::TooBig);
}

TEST_F(KvmDevice, ARegisterIsWhatItWasSetTo) {
  const std::array<Register, 1> set{Register{lstar, 0x1234'5000}};
  ASSERT_TRUE(processor_->set_model_registers(set));
  EXPECT_EQ(processor_->model_register(lstar).value(), 0x1234'5000U);
}

TEST_F(KvmDevice, AStateIsFoundAgainInAnotherProcessor) {
  ASSERT_TRUE(processor_->set_cpuid(machine_->supported_cpuid().value()));
  auto state = processor_->state();
  ASSERT_TRUE(state.has_value());
  state->general.rbx = 0x1122;
  state->general.rip = 0x3344;
  state->special.cr2 = 0x5566;
  constexpr std::size_t xmm_0 = 160 / 4;
  constexpr std::size_t used_states = 512 / 4;
  state->extended[used_states] |= 3;  // x87 and SSE
  state->extended[xmm_0] = 0x7788;
  for (Register& each : state->model) {
    if (each.number == lstar) each.value = 0x99'0000;
  }
  auto second = VirtualMachine::create();
  ASSERT_TRUE(second.has_value());
  const auto other = second->create_processor();
  ASSERT_TRUE(other.has_value());
  ASSERT_TRUE(other->set_cpuid(machine_->supported_cpuid().value()));
  ASSERT_TRUE(other->set_state(*state));
  const auto found = other->state();
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->general.rbx, 0x1122U);
  EXPECT_EQ(found->general.rip, 0x3344U);
  EXPECT_EQ(found->special.cr2, 0x5566U);
  EXPECT_EQ(found->extended[xmm_0], 0x7788U);
  EXPECT_EQ(other->model_register(lstar).value(), 0x99'0000U);
}

TEST_F(KvmDevice, MemoryOverlapsNoOther) {
  MachineMemory memory = MachineMemory::initial().value();
  const MemoryPart& part = memory.parts().front();
  EXPECT_TRUE(machine_->add_memory(0, part.base(), part.bytes()));
  EXPECT_FALSE(machine_->add_memory(1, part.base(), part.bytes()));
}

}  // namespace
}  // namespace merlon::host::kvm
