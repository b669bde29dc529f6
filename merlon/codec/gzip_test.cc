#include "merlon/codec/gzip.h"

#include <string>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::codec {
namespace {

// Made by Python's gzip, which is zlib.
const std::string hello = "1f8b08000000000002ffcb48cdc9c957c840905c003b7c8adf12000000";
const std::string nothing = "1f8b08000000000002ff03000000000000000000";
const std::string stored = "1f8b08080000000000ff7800010300fcff616263c241243503000000";
/// 454 bytes by codes of its own.
const std::string squares =
    "1f8b08000000000002ff1590d90dc030084317f247b861ffc5fa2ab542098eaf2753ea642d2f452b4f9d5a93bd277366"
    "265b1007048c17734fe1099ed7e032999b2a3fd5b41a5c3387f370bfec0fdcfdf89199cbe6e4b90a83ea5cd9a342aa3d"
    "342f7936da715d41818b76947158bfda0f4585399c97fb637f297f406c95112a568df139842d84b6ed2f3830ac8a8c43"
    "ecad90151fb1ee5811e35825c44c6cb9bb02bb15ab06b268c1ed10c5363ad80834d0367e2770360520b2f8c8900701fd"
    "b7809e191eb82208b3837a82d2a963304eb3f3c802b9411cb45847154e98c5615132ed10191ea785dcd00734f0aaacc6"
    "010000";

core::Result<std::vector<std::uint8_t>> unpacked(const std::string& hex, std::size_t most = 1000) {
  return gunzip(decode_hex(hex).value(), most);
}
std::string text(const std::string& hex) {
  const auto whole = unpacked(hex);
  return whole ? std::string(core::as_text(*whole)) : std::string("refused");
}

TEST(Gunzip, GivesWhatWasCompressed) {
  EXPECT_EQ(text(hello), "hello hello hello\n");
  EXPECT_EQ(text(nothing), "");
  EXPECT_EQ(text(stored), "abc");
  std::string expected;
  for (int i = 0; i < 120; ++i) expected += base::concat(i * i % 977, ",");
  EXPECT_EQ(text(squares), expected);
}

TEST(Gunzip, TakesMembersOneAfterTheOther) {
  EXPECT_EQ(text(stored + nothing + hello), "abchello hello hello\n");
  EXPECT_EQ(text(stored + "00"), "refused");
}

TEST(Gunzip, RefusesWhatIsNotWhole) {
  for (const std::string& each : {hello, stored, squares}) {
    for (std::size_t size = 2; size < each.size(); size += 2) {
      EXPECT_FALSE(unpacked(each.substr(0, size))) << size;
    }
  }
  // The CRC, the size, the second size of a stored block.
  for (const std::size_t at : {hello.size() - 16, hello.size() - 8}) {
    std::string other = hello;
    other[at] = other[at] == '0' ? '1' : '0';
    EXPECT_FALSE(unpacked(other)) << at;
  }
}

TEST(Gunzip, GivesNoMoreThanWasAskedFor) {
  EXPECT_TRUE(unpacked(hello, 18));
  const auto more = unpacked(hello, 17);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, core::ErrorCode::Exhausted);
  EXPECT_FALSE(unpacked(stored + stored, 5));
}

TEST(Gunzip, RefusesCodesThatAreNone) {
  const std::string head = "1f8b08000000000000ff";
  // A block of kind 3; more than 286 codes of literals; a copy of what is not there.
  for (const std::string_view body : {"07", "fdff", "4b040000", "630200"}) {
    EXPECT_FALSE(unpacked(base::concat(head, body, "0000000000000000"))) << body;
  }
}

}  // namespace
}  // namespace merlon::codec
