#include "merlon/codec/cbor.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(Cbor, ItemsOfEveryKindWeRead) {
  const Bytes bytes{0x17, 0x18, 0x18, 0x19, 0x01, 0x00, 0xD9, 0xEA, 0x60, 0x82, 0x42,
                    1,    2,    0x62, 'h',  'i',  0x1A, 0,    1,    0,    0};
  CborReader reader(bytes);
  EXPECT_EQ(reader.peek().value(), CborMajor::Unsigned);
  EXPECT_EQ(reader.unsigned_number().value(), 23U);
  EXPECT_EQ(reader.unsigned_number().value(), 24U);
  EXPECT_EQ(reader.unsigned_number().value(), 256U);
  EXPECT_EQ(reader.tag().value(), 60000U);
  EXPECT_EQ(reader.array().value(), 2U);
  EXPECT_EQ(reader.bytes()->size(), 2U);
  EXPECT_EQ(reader.text().value(), "hi");
  EXPECT_EQ(reader.unsigned_number().value(), 65536U);
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.peek().has_value());
}

TEST(Cbor, MapsAndNegativeNumbers) {
  const Bytes bytes{0xA2, 0x20, 0x38, 0x18, 0xB8, 0x18};
  CborReader reader(bytes);
  EXPECT_EQ(reader.peek().value(), CborMajor::Map);
  EXPECT_EQ(reader.map().value(), 2U);
  EXPECT_EQ(reader.peek().value(), CborMajor::Negative);
  EXPECT_EQ(reader.negative_number().value(), 0U);   // -1
  EXPECT_EQ(reader.negative_number().value(), 24U);  // -25
  EXPECT_EQ(reader.map().value(), 24U);
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(CborReader(bytes).negative_number().has_value());
  EXPECT_FALSE(CborReader(bytes).array().has_value());
  const Bytes indefinite{0xBF, 0xFF};
  EXPECT_FALSE(CborReader(indefinite).map().has_value());
}

TEST(Cbor, OneFormForEachNumber) {
  for (const Bytes& bytes :
       {Bytes{0x18, 23}, Bytes{0x19, 0, 255}, Bytes{0x1A, 0, 0, 255, 255},
        Bytes{0x1B, 0, 0, 0, 0, 255, 255, 255, 255}, Bytes{0x1C}, Bytes{0x1F}}) {
    EXPECT_FALSE(CborReader(bytes).unsigned_number().has_value()) << int{bytes[0]};
  }
  const Bytes largest{0x1B, 255, 255, 255, 255, 255, 255, 255, 255};
  EXPECT_EQ(CborReader(largest).unsigned_number().value(), ~std::uint64_t{0});
}

TEST(Cbor, WhatIsCutOffOrOfAnotherKindIsRefused) {
  const Bytes string{0x43, 1, 2, 3};
  EXPECT_EQ(CborReader(string).bytes()->size(), 3U);
  for (std::size_t size = 0; size < string.size(); ++size) {
    EXPECT_FALSE(CborReader(core::ByteView(string).first(size)).bytes().has_value()) << size;
  }
  EXPECT_FALSE(CborReader(string).text().has_value());
  EXPECT_FALSE(CborReader(string).array().has_value());
  const Bytes huge{0x5B, 255, 255, 255, 255, 255, 255, 255, 255, 1};
  EXPECT_FALSE(CborReader(huge).bytes().has_value());
  const Bytes indefinite{0x5F, 0x41, 1, 0xFF};
  EXPECT_FALSE(CborReader(indefinite).bytes().has_value());
}

}  // namespace
}  // namespace merlon::codec
