#include "merlon/snp/certificate_table.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace merlon::snp {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::array<std::uint8_t, 16> vcek{0x63, 0xDA, 0x75, 0x8D, 0xE6, 0x64, 0x45, 0x64,
                                            0xAD, 0xC5, 0xF4, 0xB9, 0x3B, 0xE8, 0xAC, 0xCD};
/// As EFI writes it.
constexpr std::array<std::uint8_t, 16> vcek_of_efi{0x8D, 0x75, 0xDA, 0x63, 0x64, 0xE6, 0x64, 0x45,
                                                   0xAD, 0xC5, 0xF4, 0xB9, 0x3B, 0xE8, 0xAC, 0xCD};

void entry(Bytes& bytes, const std::array<std::uint8_t, 16>& guid, std::uint32_t offset,
           std::uint32_t size) {
  bytes.insert(bytes.end(), guid.begin(), guid.end());
  for (const std::uint32_t value : {offset, size}) {
    for (unsigned i = 0; i < 32; i += 8) bytes.push_back(static_cast<std::uint8_t>(value >> i));
  }
}

TEST(CertificateTable, EntriesUpToTheZeroOne) {
  Bytes bytes;
  entry(bytes, vcek, 72, 3);
  entry(bytes, {1}, 75, 1);
  entry(bytes, {}, 0, 0);
  bytes.insert(bytes.end(), {1, 2, 3, 4});
  const auto table = parse_certificate_table(bytes);
  ASSERT_TRUE(table.has_value());
  ASSERT_EQ(table->size(), 2U);
  EXPECT_EQ((*table)[0].kind, TableEntryKind::Vcek);
  EXPECT_EQ((*table)[0].bytes[2], 3);
  EXPECT_EQ((*table)[1].kind, TableEntryKind::Other);
}

TEST(CertificateTable, GuidsAreKnownInBothOrders) {
  constexpr std::array<std::uint8_t, 16> vlek{0xA8, 0x07, 0x4B, 0xC2, 0xA2, 0x5A, 0x48, 0x3E,
                                              0xAA, 0xE6, 0x39, 0xC0, 0x45, 0xA0, 0xB8, 0xA1};
  Bytes bytes;
  entry(bytes, vlek, 96, 1);
  entry(bytes, vcek, 96, 1);
  entry(bytes, vcek_of_efi, 96, 1);
  entry(bytes, {}, 0, 0);
  bytes.push_back(1);
  const auto table = parse_certificate_table(bytes);
  ASSERT_TRUE(table.has_value()) << table.error().what;
  ASSERT_EQ(table->size(), 3U);
  EXPECT_EQ((*table)[0].kind, TableEntryKind::Vlek);
  EXPECT_EQ((*table)[1].kind, TableEntryKind::Vcek);
  EXPECT_EQ((*table)[2].kind, TableEntryKind::Vcek);
  EXPECT_EQ(guid_text((*table)[0].guid), "a8074bc2-a25a-483e-aae6-39c045a0b8a1");
  EXPECT_TRUE(begins_as_certificate_table(bytes));
  EXPECT_FALSE(begins_as_certificate_table(core::ByteView(bytes).first(15)));
  EXPECT_FALSE(begins_as_certificate_table(Bytes(24, 0)));
}

TEST(CertificateTable, AnEmptyEntryMayStandAtTheVeryEnd) {
  Bytes bytes;
  entry(bytes, vcek, 48, 0);
  entry(bytes, {}, 0, 0);
  EXPECT_TRUE(parse_certificate_table(bytes).has_value());
}

TEST(CertificateTable, EntriesMustLieWithin) {
  for (const auto& [offset, size] : {std::pair{48U, 1U}, std::pair{49U, 0U},
                                     std::pair{0xFFFF'FFFFU, 0xFFFF'FFFFU}, std::pair{47U, 2U}}) {
    Bytes bytes;
    entry(bytes, vcek, offset, size);
    entry(bytes, {}, 0, 0);
    EXPECT_FALSE(parse_certificate_table(bytes).has_value()) << offset;
  }
}

TEST(CertificateTable, WhatIsNoneIsToldFromOneThatIsCutOff) {
  const auto refusal = [](const Bytes& bytes) {
    const auto table = parse_certificate_table(bytes);
    return table ? std::string_view("accepted") : table.error().message();
  };
  constexpr std::string_view none = "behind a report stands something that is no certificate table";
  for (const Bytes& bytes : {Bytes{}, Bytes{'\n'}, Bytes(23), Bytes(24, 'a'), Bytes(100, 0xFF)}) {
    EXPECT_EQ(refusal(bytes), none) << bytes.size();
  }
  Bytes bytes;
  entry(bytes, vcek, 48, 3);
  EXPECT_EQ(refusal(bytes), "an entry outside of the certificate table");
  entry(bytes, {1}, 100, 1);
  EXPECT_EQ(refusal(bytes), "an entry outside of the certificate table");
  bytes.clear();
  entry(bytes, vcek, 0, 0);
  EXPECT_EQ(refusal(bytes), "a certificate table without its end");
}

TEST(CertificateTable, TheEndMustBeThere) {
  Bytes bytes;
  EXPECT_FALSE(parse_certificate_table(bytes).has_value());
  for (int i = 0; i < 33; ++i) entry(bytes, vcek, 0, 0);
  EXPECT_EQ(parse_certificate_table(bytes).error().code, core::ErrorCode::Exhausted);
}

TEST(CertificateTable, IsReadAsItWasWritten) {
  const Bytes first{1, 2, 3};
  const Bytes third(5000, 7);
  const std::array entries{NewTableEntry{TableEntryKind::Vcek, first},
                           NewTableEntry{TableEntryKind::Ark, {}},
                           NewTableEntry{TableEntryKind::Crl, third}};
  const Bytes bytes = certificate_table(entries);
  EXPECT_EQ(bytes.size(), 4 * 24 + first.size() + third.size());
  EXPECT_TRUE(std::ranges::equal(core::ByteView(bytes).first(16), vcek));
  const auto table = parse_certificate_table(bytes);
  ASSERT_TRUE(table.has_value());
  ASSERT_EQ(table->size(), entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ((*table)[i].kind, entries[i].kind);
    EXPECT_TRUE(std::ranges::equal((*table)[i].bytes, entries[i].bytes));
  }
  EXPECT_TRUE(parse_certificate_table(certificate_table({}))->empty());
}

}  // namespace
}  // namespace merlon::snp
