#include "merlon/shim/snp/communication.h"

#include "merlon/shim/linux/testing/keep_test.h"
#include "merlon/shim/snp/testing/cpuid.h"

namespace merlon::shim::snp {
namespace {

using linux::Registers;

class Communication : public linux::testing::KeepTest {
 protected:
  void SetUp() override {
    linux::testing::KeepTest::SetUp();
    ASSERT_EQ(cpuid_.begin(testing::page_of(testing::usual_leaves())), Trouble{});
  }
  Registers at(std::uint64_t instruction, std::uint64_t code) {
    Registers registers{};
    registers.vector = 29;
    registers.error = code;
    registers.rip = instruction;
    registers.rax = 0xdead'beef'0000'0007;  // the upper half is none of CPUID's
    registers.rcx = 0x1'0000'0000;
    registers.rbx = registers.rdx = 5;
    return registers;
  }
  static bool same(const Registers& a, const Registers& b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
  }

  Cpuid cpuid_;
};

TEST_F(Communication, CpuidIsCarriedOut) {
  const std::uint64_t code = place("\x0f\xa2");
  Registers registers = at(code, 0x72);
  ASSERT_TRUE(serve_communication(registers, cpuid_));
  Registers wanted = at(code + 2, 0x72);
  wanted.rax = wanted.rcx = wanted.rdx = 0;
  wanted.rbx = 0x1a9;
  EXPECT_TRUE(same(registers, wanted));
}

/// WeSee: each code that a host can inject, over instructions that fit it and such that do not.
TEST_F(Communication, EveryOtherCodeIsRefused) {
  const std::array<std::uint64_t, 6> places{place("\x0f\xa2"),
                                            place("\x0f\x30"),
                                            place(std::string_view("\x0f\x01\xd9")),
                                            place("\xe6\xe9"),
                                            place(std::string_view("\x8b\x00", 2)),
                                            place("\x0f\x05")};
  std::vector<std::uint64_t> codes;
  for (std::uint64_t code = 0; code < 0x500; ++code) codes.push_back(code);
  for (std::uint64_t code = 0x8000'0000; code < 0x8000'0020; ++code) codes.push_back(code);
  for (unsigned bit = 8; bit < 64; ++bit) codes.push_back(0x72 | std::uint64_t{1} << bit);
  for (const std::uint64_t code : codes) {
    for (const std::uint64_t instruction : places) {
      if (code == 0x72 && instruction == places[0]) continue;
      Registers registers = at(instruction, code);
      EXPECT_FALSE(serve_communication(registers, cpuid_)) << std::hex << code;
      EXPECT_TRUE(same(registers, at(instruction, code)));
    }
  }
}

TEST_F(Communication, BothBytesMustBeThere) {
  for (unsigned first = 0; first < 256; ++first) {
    const std::string code{static_cast<char>(first), '\xa2'};
    Registers registers = at(place(code), 0x72);
    EXPECT_EQ(serve_communication(registers, cpuid_), first == 0x0f);
  }
  for (unsigned second = 0; second < 256; ++second) {
    const std::string code{'\x0f', static_cast<char>(second)};
    Registers registers = at(place(code), 0x72);
    EXPECT_EQ(serve_communication(registers, cpuid_), second == 0xa2);
  }
}

TEST_F(Communication, OnlyTheKeepsMemoryIsRead) {
  for (const std::uint64_t instruction :
       {std::uint64_t{0}, nowhere, read_only_ + linux::page_size - 1, ~std::uint64_t{0},
        std::uint64_t{0x8000'0000'0000'0000}}) {
    Registers registers = at(instruction, 0x72);
    EXPECT_FALSE(serve_communication(registers, cpuid_)) << std::hex << instruction;
  }
}

}  // namespace
}  // namespace merlon::shim::snp
