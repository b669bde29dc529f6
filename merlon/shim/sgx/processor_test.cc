#include "merlon/shim/sgx/processor.h"

#include <string>

#include <gtest/gtest.h>

#include "merlon/sallyport/enclave.h"

namespace merlon::shim::sgx {
namespace {

linux::Registers cpuid(std::uint64_t leaf, std::uint64_t subleaf) {
  linux::Registers registers{};
  registers.rax = leaf;
  registers.rcx = subleaf;
  registers.rbx = registers.rdx = ~std::uint64_t{0};
  registers.rsi = 7;
  answer_cpuid(registers);
  EXPECT_EQ(registers.rsi, 7U);
  return registers;
}

std::string text_of(std::uint64_t word) {
  return {static_cast<char>(word), static_cast<char>(word >> 8U), static_cast<char>(word >> 16U),
          static_cast<char>(word >> 24U)};
}

TEST(EnclaveCpuid, SaysWhichInstructionsThereAre) {
  EXPECT_EQ(cpuid(1, 0).rcx, sallyport::enclave_instructions_1);
  EXPECT_EQ(cpuid(7, 0).rbx, sallyport::enclave_instructions_7);
  EXPECT_EQ(cpuid(0x8000'0001, 0).rcx, sallyport::enclave_instructions_extended);
}

TEST(EnclaveCpuid, NamesAProcessorThatHasThem) {
  const linux::Registers first = cpuid(0, 0);
  EXPECT_GE(first.rax, 0xdU) << "or nobody asks for the state that AVX has";
  EXPECT_EQ(text_of(first.rbx) + text_of(first.rdx) + text_of(first.rcx), "GenuineIntel");
  EXPECT_GE(cpuid(0x8000'0000, 0).rax, 0x8000'0001U);
}

/// What XSAVE writes of x87, SSE and AVX [SDM vol. 1 §13.4], as the shim saves it.
TEST(EnclaveCpuid, TellsTheExtendedStateThatAnEnclaveHas) {
  const linux::Registers state = cpuid(0xd, 0);
  EXPECT_EQ(state.rax, sallyport::enclave_extended_state);
  EXPECT_EQ(state.rbx, 832U);
  EXPECT_EQ(state.rcx, 832U);
  const linux::Registers avx = cpuid(0xd, 2);
  EXPECT_EQ(avx.rax + avx.rbx, 832U);
}

TEST(EnclaveCpuid, SubleavesCountWhereALeafHasThem) {
  EXPECT_EQ(cpuid(7, 1).rbx, 0U);
  EXPECT_EQ(cpuid(0xd, 1).rax, 0U);
  EXPECT_EQ(cpuid(4, 4).rax, 0U) << "there is no other cache";
  EXPECT_NE(cpuid(4, 0).rax, cpuid(4, 3).rax);
  EXPECT_EQ(cpuid(1, 0).rax, cpuid(1, 5).rax);
}

TEST(EnclaveCpuid, IsOfThirtyTwoBits) {
  EXPECT_EQ(cpuid(0xffff'ffff'0000'0007, 0xffff'ffff'0000'0000).rbx,
            sallyport::enclave_instructions_7);
}

TEST(EnclaveCpuid, SaysNothingElse) {
  for (const std::uint64_t leaf : {0x12U, 0x15U, 0x16U, 0x4000'0000U, 0x8000'0007U, 0xffff'ffffU}) {
    const linux::Registers got = cpuid(leaf, 0);
    EXPECT_EQ(got.rax | got.rbx | got.rcx | got.rdx, 0U) << leaf;
  }
}

}  // namespace
}  // namespace merlon::shim::sgx
