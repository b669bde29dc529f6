#include "merlon/codec/base64.h"

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

std::string decoded(std::string_view text) {
  const auto bytes = decode_base64(text);
  return bytes ? std::string(core::as_text(*bytes)) : "refused";
}

// [RFC4648 §10]
TEST(Base64, TheStandardsVectors) {
  for (const auto& [plain, text] :
       {std::pair{"", ""}, std::pair{"f", "Zg=="}, std::pair{"fo", "Zm8="},
        std::pair{"foo", "Zm9v"}, std::pair{"foob", "Zm9vYg=="}, std::pair{"fooba", "Zm9vYmE="},
        std::pair{"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(decoded(text), plain);
    EXPECT_EQ(encode_base64(core::as_bytes(plain)), text);
  }
}

TEST(Base64, LineEndsArePassedOver) { EXPECT_EQ(decoded("Zm9v\r\nYm\nFy\n"), "foobar"); }

TEST(Base64, WhatHasAnotherSpellingIsRefused) {
  for (const char* text :
       {"Zg", "Zg=", "Zg===", "Z===", "=", "Zh==", "Zm9=", "Zg==Zg==", "Zm9-", "Zm9v\v", "Zm=v"}) {
    EXPECT_EQ(decoded(text), "refused") << text;
  }
}

TEST(AnyBase64, TakesBothAlphabetsWithAndWithoutPadding) {
  const std::vector<std::uint8_t> bytes{0xFB, 0xEF, 0xFF, 0x01};
  for (const std::string_view text : {"++//AQ==", "++//AQ", "--__AQ==", "--__AQ", "--__\n AQ\n"}) {
    EXPECT_EQ(decode_any_base64(text).value(), bytes) << text;
  }
  // Of every length that a last group can have.
  for (std::size_t size = 0; size < 7; ++size) {
    const std::vector<std::uint8_t> some(size, 0xA5);
    std::string text = encode_base64(some);
    EXPECT_EQ(decode_any_base64(text).value(), some);
    while (text.ends_with('=')) text.pop_back();
    EXPECT_EQ(decode_any_base64(text).value(), some) << size;
  }
  for (const std::string_view text : {"+-//AQ", "--_/AQ==", "--__A", "--__AR", "--__AQ=", "a,bc"}) {
    EXPECT_FALSE(decode_any_base64(text).has_value()) << text;
  }
}

// [RFC7515 §C]
TEST(Base64Url, TakesOneSpellingOnly) {
  EXPECT_EQ(decode_base64url("A-z_4ME").value(),
            (std::vector<std::uint8_t>{3, 236, 255, 224, 193}));
  EXPECT_TRUE(decode_base64url("").value().empty());
  for (const char* text : {"A-z_4ME=", "A+z/4ME", "A-z_4MF", "A-z_4M\nE", " A-z_4ME", "A", "A-z_4",
                           "A-z_4ME.", "====", "Zg=="}) {
    EXPECT_FALSE(decode_base64url(text)) << text;
  }
}

TEST(Base64Url, ARoundTrip) {
  for (std::size_t size = 0; size < 70; ++size) {
    std::vector<std::uint8_t> bytes(size, 0xFB);
    if (size > 0) bytes[size / 2] = static_cast<std::uint8_t>(size);
    const auto again = decode_base64url(encode_base64url(bytes));
    ASSERT_TRUE(again) << size;
    EXPECT_EQ(*again, bytes);
  }
}

}  // namespace
}  // namespace merlon::codec
