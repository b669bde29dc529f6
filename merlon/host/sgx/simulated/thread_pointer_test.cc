#include "merlon/host/sgx/simulated/thread_pointer.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <gtest/gtest.h>
#include <sys/auxv.h>
#include <sys/mman.h>

namespace merlon::host::sgx::simulated {
namespace {

// As an assembler makes them.
constexpr auto write_rax = std::array<std::uint8_t, 5>{0xf3, 0x48, 0x0f, 0xae, 0xd0};
constexpr auto write_r9 = std::array<std::uint8_t, 5>{0xf3, 0x49, 0x0f, 0xae, 0xd1};
constexpr auto read_rbx = std::array<std::uint8_t, 5>{0xf3, 0x48, 0x0f, 0xae, 0xc3};
constexpr auto write_gs = std::array<std::uint8_t, 5>{0xf3, 0x48, 0x0f, 0xae, 0xd8};
constexpr auto write_32_bits = std::array<std::uint8_t, 5>{0xf3, 0x40, 0x0f, 0xae, 0xd0};
constexpr std::uint64_t somewhere = 0x10'0000;

::mcontext_t at(std::uint64_t place) {
  ::mcontext_t registers{};
  registers.gregs[REG_RIP] = static_cast<::greg_t>(place);
  registers.gregs[REG_RAX] = 0x1111;
  registers.gregs[REG_RBX] = 0x2222;
  registers.gregs[REG_R9] = 0x3333;
  return registers;
}

/// Where the kernel says so, a program reads it by an instruction; elsewhere that may work as well.
TEST(ThreadPointer, IsFollowedByAKernelThatSaysSo) {
  const bool says_so = (::getauxval(AT_HWCAP2) & 2U) != 0;
  EXPECT_EQ(kernel_follows_thread_pointer(), says_so);
  if (!says_so) return;
  std::uint64_t read = 0;
  std::uint64_t own = 0;
  asm volatile("rdfsbase %0" : "=r"(read));
  asm volatile("mov %%fs:0, %0" : "=r"(own));
  EXPECT_EQ(read, own);
}

TEST(ThreadPointerPlaces, WhatWritesAndReadsItIsCarriedOut) {
  std::array<std::uint8_t, 40> code{};
  std::ranges::copy(write_rax, &code[1]);
  std::ranges::copy(write_r9, &code[8]);
  std::ranges::copy(read_rbx, &code[35]);
  ThreadPointerPlaces places;
  places.look_for(somewhere, code);
  std::uint64_t thread_pointer = 0;
  ::mcontext_t registers = at(somewhere + 1);
  EXPECT_TRUE(places.carry_out(registers, thread_pointer));
  EXPECT_EQ(thread_pointer, 0x1111U);
  EXPECT_EQ(registers.gregs[REG_RIP], static_cast<::greg_t>(somewhere + 6));
  registers = at(somewhere + 8);
  EXPECT_TRUE(places.carry_out(registers, thread_pointer));
  EXPECT_EQ(thread_pointer, 0x3333U);
  registers = at(somewhere + 35);
  EXPECT_TRUE(places.carry_out(registers, thread_pointer));
  EXPECT_EQ(registers.gregs[REG_RBX], 0x3333);
  EXPECT_EQ(thread_pointer, 0x3333U);
}

TEST(ThreadPointerPlaces, NothingElseIs) {
  std::array<std::uint8_t, 14> code{};
  std::ranges::copy(write_gs, code.data());
  std::ranges::copy(write_32_bits, &code[5]);
  std::copy_n(write_rax.begin(), 4, &code[10]);
  ThreadPointerPlaces places;
  places.look_for(somewhere, code);
  std::uint64_t thread_pointer = 7;
  for (std::uint64_t place = somewhere - 1; place < somewhere + 20; ++place) {
    ::mcontext_t registers = at(place);
    EXPECT_FALSE(places.carry_out(registers, thread_pointer));
    EXPECT_EQ(registers.gregs[REG_RIP], static_cast<::greg_t>(place));
  }
  EXPECT_EQ(thread_pointer, 7U);
}

TEST(ThreadPointerPlaces, HiddenOnesRaiseAnExceptionAlsoAcrossPages) {
  constexpr std::size_t size = 2 * 4096, across = 4095;
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const code = static_cast<std::uint8_t*>(memory);
  std::ranges::copy(write_rax, code + across);
  ThreadPointerPlaces places;
  places.look_for(reinterpret_cast<std::uint64_t>(code), {code, size});
  ASSERT_TRUE(places.hide_all().has_value());
  EXPECT_EQ(code[across], 0xf4);
  EXPECT_EQ(code[across + 1], write_rax[1]);
  EXPECT_EQ(::munmap(memory, size), 0);
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
