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
