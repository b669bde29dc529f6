#include "merlon/base/characters.h"

#include <string>

#include <gtest/gtest.h>

namespace merlon::base {
namespace {

TEST(Characters, AreDecodedOrGivenAsOneByte) {
  EXPECT_EQ(first_character("ab").code, U'a');
  EXPECT_EQ(first_character("ü").code, U'\u00fc');
  EXPECT_EQ(first_character("€x").code, U'€');
  EXPECT_EQ(first_character("😀").code, U'😀');
  EXPECT_EQ(first_character("€x").bytes.size(), 3U);
  EXPECT_FALSE(first_character("\xE2\x82").well_formed);
  EXPECT_EQ(first_character("\xE2\x82").bytes.size(), 1U);
}

TEST(Characters, ThatSteerTurnOrHideAct) {
  for (const char32_t code :
       {0x00U, 0x1BU, 0x7FU, 0x80U, 0x9BU, 0x9FU, 0x61CU, 0x200BU, 0x200EU, 0x200FU, 0x2028U,
        0x2029U, 0x202AU, 0x202EU, 0x2066U, 0x2069U, 0xFEFFU, 0xE0041U}) {
    EXPECT_TRUE(acts(code)) << static_cast<std::uint32_t>(code);
  }
  for (const char32_t code : {0x20U, 0x7EU, 0xA0U, 0xFCU, 0x2010U, 0x2026U, 0x2030U, 0x1F600U}) {
    EXPECT_FALSE(acts(code)) << static_cast<std::uint32_t>(code);
  }
}

TEST(WellFormedSize, EndsBeforeTheFirstByteOfNoCharacter) {
  const std::string ascii = "0123456789abcdef";
  for (const char* tail : {"", "ü", "€", "😀"}) {
    for (std::size_t size = 0; size <= ascii.size(); ++size) {
      const std::string text = ascii.substr(0, size) + tail;
      EXPECT_EQ(well_formed_size(text), text.size()) << text;
      EXPECT_EQ(well_formed_size(text + ascii), text.size() + ascii.size()) << text;
      EXPECT_EQ(well_formed_size(text + "\xff" + ascii), text.size()) << text;
      EXPECT_EQ(well_formed_size(text + "\xe2\x82"), text.size()) << text;
    }
  }
}

}  // namespace
}  // namespace merlon::base
