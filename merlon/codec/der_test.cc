#include "merlon/codec/der.h"

#include <vector>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/oid.h"

namespace merlon::codec {
namespace {

/// Keeps the bytes that a reader borrows.
struct Der {
  explicit Der(std::string_view hex) : bytes(*decode_hex(hex)), reader(bytes) {}
  std::vector<std::uint8_t> bytes;
  DerReader reader;
};

TEST(Der, AnElementIsTagLengthContent) {
  Der der(
      "0203010203"
      "0500");
  const auto element = der.reader.any();
  ASSERT_TRUE(element.has_value());
  EXPECT_EQ(element->tag, DerTag::Integer);
  EXPECT_EQ(base::hex(element->content), "010203");
  EXPECT_EQ(element->whole.size(), 5U);
  EXPECT_FALSE(der.reader.finish().has_value());
  EXPECT_TRUE(der.reader.content(DerTag::Null)->empty());
  EXPECT_TRUE(der.reader.finish().has_value());
}

TEST(Der, LengthsHaveOneForm) {
  EXPECT_TRUE(Der("048180" + std::string(256, '0')).reader.any().has_value());
  for (const char* hex : {"04", "0401", "048100", "04817f00", "0482000100", "048000",
                          "0485000000000100", "04847fffffff", "1f0100", "ff0100"}) {
    EXPECT_FALSE(Der(hex).reader.any().has_value()) << hex;
  }
}

TEST(Der, IntegersHaveOneForm) {
  EXPECT_EQ(Der("020100").reader.number().value(), 0U);
  EXPECT_EQ(Der("020200d9").reader.number().value(), 217U);
  EXPECT_EQ(Der("02087fffffffffffffff").reader.number().value(), INT64_MAX);
  for (const char* hex : {"0200", "02020001", "0202ff80", "0201ff", "0209008000000000000000"}) {
    EXPECT_FALSE(Der(hex).reader.number().has_value()) << hex;
  }
  EXPECT_TRUE(Der("0201ff").reader.integer().has_value());
  EXPECT_FALSE(Der("02020001").reader.integer().has_value());
}

TEST(Der, BooleansHaveOneForm) {
  EXPECT_TRUE(Der("0101ff").reader.boolean().value());
  EXPECT_FALSE(Der("010100").reader.boolean().value());
  EXPECT_FALSE(Der("010101").reader.boolean().has_value());
  EXPECT_FALSE(Der("0100").reader.boolean().has_value());
}

TEST(Der, NamedBitsHaveOneForm) {
  EXPECT_EQ(Der("03020106").reader.named_bits().value(), 0b1100000U);  // bits 5 and 6
  EXPECT_EQ(Der("030206c0").reader.named_bits().value(), 0b11U);
  EXPECT_EQ(Der("0303070080").reader.named_bits().value(), 0x100U);
  EXPECT_EQ(Der("030100").reader.named_bits().value(), 0U);
  EXPECT_EQ(Der("03020104").reader.named_bits().value(), 0b100000U);  // as AMD writes it
  for (const char* hex : {"0300", "030101", "030206c1", "030208c0", "030400010203"}) {
    EXPECT_FALSE(Der(hex).reader.named_bits().has_value()) << hex;
  }
}

TEST(Der, BitStringsOfWholeBytes) {
  EXPECT_EQ(base::hex(*Der("03030001ff").reader.bit_string()), "01ff");
  EXPECT_FALSE(Der("03030101fe").reader.bit_string().has_value());
  EXPECT_FALSE(Der("0300").reader.bit_string().has_value());
}

TEST(Der, ObjectIdentifiers) {
  constexpr Oid pss{1, 2, 840, 113549, 1, 1, 10};
  Der der("06092a864886f70d01010a");
  const auto oid = der.reader.oid();
  ASSERT_TRUE(oid.has_value());
  EXPECT_TRUE(pss.is(*oid));
  EXPECT_EQ(oid_text(*oid), "1.2.840.113549.1.1.10");
  EXPECT_EQ(oid_text(Oid{2, 5, 29, 19}.view()), "2.5.29.19");
  EXPECT_FALSE(Der("0600").reader.oid().has_value());
  EXPECT_FALSE(Der("06022a80").reader.oid().has_value());
  EXPECT_FALSE(Der("06032a8001").reader.oid().has_value());
}

TEST(Der, TimesBefore2050AreUtcTimes) {
  EXPECT_TRUE(Der("170d3439313233313233353935395a").reader.time().has_value());
  EXPECT_TRUE(Der("180f32303530303130313030303030305a").reader.time().has_value());
  EXPECT_FALSE(Der("180f32303439313233313233353935395a").reader.time().has_value());
}

TEST(Der, AnotherTagLeavesTheReader) {
  Der der("020105");
  EXPECT_FALSE(der.reader.enter(DerTag::Sequence).has_value());
  EXPECT_EQ(der.reader.number().value(), 5U);
}

TEST(Der, TheWholeIsOneElement) {
  const Der one("3000");
  EXPECT_TRUE(der_whole(one.bytes, DerTag::Sequence).has_value());
  const Der two("30000500");
  EXPECT_FALSE(der_whole(two.bytes, DerTag::Sequence).has_value());
}

}  // namespace
}  // namespace merlon::codec
