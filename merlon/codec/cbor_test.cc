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

TEST(Cbor, WhatIsWrittenIsReadAgain) {
  const std::vector<std::uint64_t> numbers{0,     23,         24,         255,   256,   65535,
                                           65536, 0xFFFFFFFF, 1ULL << 32, ~0ULL, 70000, 1ULL << 63};
  CborWriter writer;
  for (const std::uint64_t number : numbers) {
    writer.unsigned_number(number);
    writer.negative_number(number);
    writer.array(number);
    writer.map(number);
  }
  writer.boolean(true);
  writer.boolean(false);
  const Bytes long_bytes(300, 7);
  writer.bytes(long_bytes);
  writer.text("hi");
  CborReader reader(writer.result());
  for (const std::uint64_t number : numbers) {
    EXPECT_EQ(reader.unsigned_number().value(), number);
    EXPECT_EQ(reader.negative_number().value(), number);
    EXPECT_EQ(reader.array().value(), number);
    EXPECT_EQ(reader.map().value(), number);
  }
  EXPECT_TRUE(reader.boolean().value());
  EXPECT_FALSE(reader.boolean().value());
  EXPECT_EQ(reader.bytes()->size(), 300U);
  EXPECT_EQ(reader.text().value(), "hi");
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(CborReader(Bytes{0xF6}).boolean().has_value());
  EXPECT_FALSE(CborReader(Bytes{0x01}).boolean().has_value());
  EXPECT_FALSE(CborReader(Bytes{}).boolean().has_value());
}

TEST(Cbor, OneItemIsPassedOverWithAllThatIsInIt) {
  for (const Bytes& item :
       {Bytes{0x17}, Bytes{0x38, 24}, Bytes{0x42, 1, 2}, Bytes{0x61, 'a'}, Bytes{0x80},
        Bytes{0x82, 1, 0x81, 2}, Bytes{0xA1, 1, 0xA1, 2, 3}, Bytes{0xC1, 0x00}, Bytes{0xF4},
        Bytes{0xF6}, Bytes{0xF8, 32}, Bytes{0xF9, 0, 0}, Bytes{0xFA, 0, 0, 0, 0},
        Bytes{0xFB, 0, 0, 0, 0, 0, 0, 0, 0}}) {
    Bytes more = item;
    more.push_back(5);
    CborReader reader(more);
    ASSERT_TRUE(reader.skip().has_value()) << int{item[0]};
    EXPECT_EQ(reader.unsigned_number().value(), 5U) << int{item[0]};
    for (std::size_t cut = 0; cut < item.size(); ++cut) {
      EXPECT_FALSE(CborReader(core::ByteView(item).first(cut)).skip().has_value());
    }
  }
}

TEST(Cbor, WhatIsNoItemIsNotPassedOver) {
  for (const Bytes& item : {Bytes{0x9F, 0xFF}, Bytes{0xFF}, Bytes{0x18, 1}, Bytes{0xF8, 31},
                            Bytes{0x9B, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0},
                            Bytes{0xBB, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0},
                            Bytes{0xBB, 0x80, 0, 0, 0, 0, 0, 0, 0, 0}, Bytes{0x82, 0x82, 0, 0}}) {
    EXPECT_FALSE(CborReader(item).skip().has_value()) << int{item[0]};
  }
  // Deep nesting costs no stack.
  Bytes deep(100'000, 0x81);
  EXPECT_FALSE(CborReader(deep).skip().has_value());
  deep.push_back(0);
  EXPECT_TRUE(CborReader(deep).skip().has_value());
}

}  // namespace
}  // namespace merlon::codec
