#include "merlon/codec/pem.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

TEST(Pem, BlocksAreReadInTheirOrder) {
  const std::string text = "before\n" + to_pem("ONE", core::as_bytes("first")) + "between\n" +
                           to_pem("TWO", core::as_bytes(std::string(100, 'x'))) + "after";
  const auto blocks = pem_blocks(text);
  ASSERT_TRUE(blocks.has_value());
  ASSERT_EQ(blocks->size(), 2U);
  EXPECT_EQ((*blocks)[0].label, "ONE");
  EXPECT_EQ(core::as_text((*blocks)[0].bytes), "first");
  EXPECT_EQ((*blocks)[1].bytes.size(), 100U);
}

TEST(Pem, ABlockHasLinesOf64AndNoneThatIsEmpty) {
  const std::string line(64, 'A');
  const std::vector<std::uint8_t> zeros(96);
  EXPECT_EQ(to_pem("X", core::ByteView(zeros)),
            "-----BEGIN X-----\n" + line + "\n" + line + "\n-----END X-----\n");
  EXPECT_EQ(to_pem("X", core::ByteView(zeros).first(51)),
            "-----BEGIN X-----\n" + line + "\nAAAA\n-----END X-----\n");
  EXPECT_EQ(to_pem("X", {}), "-----BEGIN X-----\n-----END X-----\n");
}

TEST(Pem, TextWithoutBlocksHasNone) { EXPECT_TRUE(pem_blocks("no block here")->empty()); }

TEST(Pem, ABlockMustEndUnderItsLabel) {
  EXPECT_FALSE(pem_blocks("-----BEGIN A-----\nZm9v\n-----END B-----\n").has_value());
  EXPECT_FALSE(pem_blocks("-----BEGIN A-----\nZm9v\n").has_value());
  EXPECT_FALSE(pem_blocks("-----BEGIN A").has_value());
  EXPECT_FALSE(pem_blocks("-----BEGIN A-----\n!\n-----END A-----\n").has_value());
}

TEST(Pem, WhereOnlyBlocksMayStandNothingElseDoes) {
  using namespace std::string_literals;
  const std::string block = to_pem("A", core::as_bytes("x"));
  const auto strict = [](const std::string& text) {
    return pem_blocks(text, PemRule::OnlyBlocks).has_value();
  };
  EXPECT_TRUE(strict(block + "\r\n" + block + "\n\0\0"s));
  EXPECT_FALSE(strict("x" + block));
  EXPECT_FALSE(strict(block + " " + block));
  EXPECT_FALSE(strict(block + "\0\n"s));
  EXPECT_FALSE(strict(block + "\0"s + block));
  EXPECT_FALSE(strict(block + "x"));
}

TEST(Pem, TheNumberOfBlocksIsBounded) {
  std::string text;
  for (int i = 0; i < 65; ++i) text += "-----BEGIN A-----\n-----END A-----\n";
  ASSERT_FALSE(pem_blocks(text).has_value());
  EXPECT_EQ(pem_blocks(text).error().code, core::ErrorCode::Exhausted);
}

TEST(PemCertificates, AreThoseThatSaySo) {
  const std::string text = to_pem("EC PRIVATE KEY", std::vector<std::uint8_t>{9}) +
                           to_pem("CERTIFICATE", std::vector<std::uint8_t>{1}) +
                           to_pem("CERTIFICATE", std::vector<std::uint8_t>{2});
  EXPECT_EQ(pem_certificates(text).value(), (std::vector<std::vector<std::uint8_t>>{{1}, {2}}));
  EXPECT_EQ(pem_certificates("").error().code, core::ErrorCode::NotFound);
  EXPECT_FALSE(pem_certificates("-----BEGIN CERTIFICATE-----\nAQ=="));
}

}  // namespace
}  // namespace merlon::codec
