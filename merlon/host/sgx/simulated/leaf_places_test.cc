#include "merlon/host/sgx/simulated/leaf_places.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>
#include <sys/mman.h>

namespace merlon::host::sgx::simulated {
namespace {

constexpr auto enclu = std::array<std::uint8_t, 3>{0x0f, 0x01, 0xd7};
constexpr std::uint64_t somewhere = 0x10'0000;

TEST(LeafPlaces, AreWhereThatInstructionIsAndNowhereElse) {
  std::array<std::uint8_t, 20> code{};
  std::ranges::copy(enclu, &code[2]);
  std::ranges::copy(enclu, &code[17]);
  code[9] = 0x0f;
  code[10] = 0x01;
  code[11] = 0xd6;
  LeafPlaces places;
  places.look_for(somewhere, code);
  for (std::uint64_t at = 0; at < code.size(); ++at) {
    EXPECT_EQ(places.has(somewhere + at), at == 2 || at == 17) << at;
  }
}

/// Each byte of the loop counts, and it must be there as a whole.
TEST(LeafPlaces, ARowIsAcceptedByTheShimsLoopAlone) {
  constexpr std::array<std::uint8_t, 22> loop{0xb8, 5,    0,    0,    0,    0x0f, 0x01, 0xd7,
                                              0x74, 12,   0x48, 0x81, 0xc1, 0,    0x10, 0,
                                              0,    0x48, 0x39, 0xd1, 0x72, 0xea};
  constexpr std::uint64_t at = 5;
  const auto accepts_a_row = [](core::ByteView code, std::uint64_t place) {
    LeafPlaces places;
    places.look_for(somewhere, code);
    return places.accepts_a_row(somewhere + place);
  };
  EXPECT_TRUE(accepts_a_row(loop, at));
  EXPECT_FALSE(accepts_a_row(loop, at + 1));
  for (std::size_t changed = 0; changed < loop.size(); ++changed) {
    auto other = loop;
    other[changed] ^= 1;
    EXPECT_FALSE(accepts_a_row(other, at)) << changed;
  }
  EXPECT_FALSE(accepts_a_row(core::ByteView(loop).first(loop.size() - 1), at));
  EXPECT_FALSE(accepts_a_row(core::ByteView(loop).subspan(1), at - 1));
}

TEST(LeafPlaces, ThatAreHiddenRaiseAnExceptionOnEveryProcessorAlsoAcrossPages) {
  constexpr std::size_t size = 2 * 4096, across = 4095;
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* const code = static_cast<std::uint8_t*>(memory);
  std::ranges::copy(enclu, code + across);
  LeafPlaces places;
  const auto address = reinterpret_cast<std::uint64_t>(code);
  places.look_for(address, {code, size});
  ASSERT_TRUE(places.hide_all().has_value());
  EXPECT_EQ(code[across], 0xf4);
  EXPECT_EQ(code[across + 1], 0x01);
  EXPECT_TRUE(places.has(address + across));
  EXPECT_EQ(::munmap(memory, size), 0);
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
