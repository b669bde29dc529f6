#include "merlon/codec/der_writer.h"

#include <gtest/gtest.h>

namespace merlon::codec {
namespace {

TEST(DerWriter, WhatItWritesIsRead) {
  constexpr Oid id{1, 2, 840, 10045, 2, 1};
  for (const std::size_t size : {0U, 1U, 127U, 128U, 255U, 256U, 65'535U, 65'536U}) {
    const DerBytes content(size, 0x5A);
    const DerBytes whole = der_sequence({der_oid(id), der_octets(content), der_boolean(true)});
    DerReader reader(der_whole(whole, DerTag::Sequence).value().content);
    EXPECT_TRUE(id.is(reader.oid().value()));
    const auto octets = reader.content(DerTag::OctetString).value();
    EXPECT_EQ(DerBytes(octets.begin(), octets.end()), content);
    EXPECT_TRUE(reader.boolean().value());
    EXPECT_TRUE(reader.finish().has_value());
  }
}

TEST(DerWriter, NumbersAreAsShortAsTheyMayBe) {
  const auto bytes = [](std::initializer_list<std::uint8_t> all) { return DerBytes(all); };
  EXPECT_EQ(der_integer(std::uint64_t{0}), bytes({2, 1, 0}));
  EXPECT_EQ(der_integer(std::uint64_t{0x7F}), bytes({2, 1, 0x7F}));
  EXPECT_EQ(der_integer(std::uint64_t{0x80}), bytes({2, 2, 0, 0x80}));
  EXPECT_EQ(der_integer(std::uint64_t{0x1234}), bytes({2, 2, 0x12, 0x34}));
  EXPECT_EQ(der_integer(std::uint64_t{1} << 63U), bytes({2, 9, 0, 0x80, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(der_integer(core::ByteView(bytes({0, 0, 0xFF}))), bytes({2, 2, 0, 0xFF}));
  EXPECT_EQ(der_integer(core::ByteView()), bytes({2, 1, 0}));
}

TEST(DerWriter, TimesChangeTheirFormIn2050) {
  const UnixTime last = parse_rfc3339("2049-12-31T23:59:59Z").value();
  const UnixTime first{last.seconds + 1};
  EXPECT_EQ(der_time(last), der_text(DerTag::UtcTime, "491231235959Z"));
  EXPECT_EQ(der_time(first), der_text(DerTag::GeneralizedTime, "20500101000000Z"));
}

}  // namespace
}  // namespace merlon::codec
