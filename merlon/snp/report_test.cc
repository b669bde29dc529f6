#include "merlon/snp/report.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/testing/vectors.h"

namespace merlon::snp {
namespace {

std::vector<std::uint8_t> blank(std::uint8_t version) {
  std::vector<std::uint8_t> bytes(Report::size, 0);
  bytes[0] = version;
  bytes[0x0A] = 2;  // POLICY bit 17
  return bytes;
}

TEST(Report, EachFieldStandsWhereTheSpecificationSaysSo) {
  auto bytes = blank(5);
  std::uint8_t mark = 0x40;
  for (const std::size_t at : std::initializer_list<std::size_t>{
           0x04,  0x08,  0x10,  0x20,  0x30,  0x34,  0x38,  0x40,  0x50,  0x90,
           0xC0,  0xE0,  0x110, 0x140, 0x160, 0x180, 0x188, 0x189, 0x18A, 0x1A0,
           0x1E0, 0x1E8, 0x1E9, 0x1EA, 0x1EC, 0x1F0, 0x1F8, 0x200, 0x2A0, 0x2E8}) {
    bytes[at] = mark++;
  }
  bytes[0x48] = 0b111;
  const Report r = Report::parse(bytes).value();
  EXPECT_EQ(r.guest_svn, 0x40U);
  EXPECT_EQ(r.policy.abi_minor(), 0x41U);
  EXPECT_EQ(r.family_id.view()[0], 0x42);
  EXPECT_EQ(r.image_id.view()[0], 0x43);
  EXPECT_EQ(r.vmpl, 0x44U);
  EXPECT_EQ(r.signature_algorithm, 0x45U);
  EXPECT_EQ(r.current_tcb.view()[0], 0x46);
  EXPECT_EQ(r.platform_info, 0x47U);
  EXPECT_TRUE(r.author_key_enabled);
  EXPECT_TRUE(r.chip_key_masked);
  EXPECT_EQ(r.signing_key, SigningKey::Vlek);
  EXPECT_EQ(r.report_data.view()[0], 0x48);
  EXPECT_EQ(r.measurement.view()[0], 0x49);
  EXPECT_EQ(r.host_data.view()[0], 0x4A);
  EXPECT_EQ(r.id_key_digest.view()[0], 0x4B);
  EXPECT_EQ(r.author_key_digest.view()[0], 0x4C);
  EXPECT_EQ(r.report_id.view()[0], 0x4D);
  EXPECT_EQ(r.report_id_ma.view()[0], 0x4E);
  EXPECT_EQ(r.reported_tcb.view()[0], 0x4F);
  EXPECT_EQ(r.cpuid->family, 0x50);
  EXPECT_EQ(r.cpuid->model, 0x51);
  EXPECT_EQ(r.cpuid->stepping, 0x52);
  EXPECT_EQ(r.chip_id.view()[0], 0x53);
  EXPECT_EQ(r.committed_tcb.view()[0], 0x54);
  EXPECT_EQ(r.current, (FirmwareVersion{0x57, 0x56, 0x55}));
  EXPECT_EQ(r.committed.build, 0x58);
  EXPECT_EQ(r.launch_tcb.view()[0], 0x59);
  EXPECT_EQ(r.launch_mitigations, 0x5AU);
  EXPECT_EQ(r.current_mitigations, 0x5BU);
  EXPECT_EQ(r.signature.view()[47], 0x5C);  // turned around
  EXPECT_EQ(r.signature.view()[95], 0x5D);
}

TEST(Report, ReservedBytesMustBeZero) {
  for (const std::size_t at :
       std::initializer_list<std::size_t>{0x0B, 0x0F, 0x4B, 0x4C, 0x4F, 0x18B, 0x19F, 0x1EB, 0x1EF,
                                          0x208, 0x29F, 0x2D0, 0x2E7, 0x318, 0x32F, 0x330, 0x49F}) {
    auto bytes = blank(5);
    bytes[at] = 0x80;
    EXPECT_EQ(Report::parse(bytes).error().code, core::ErrorCode::Malformed) << at;
  }
}

TEST(Report, OlderVersionsHaveFewerFields) {
  auto bytes = blank(2);
  EXPECT_FALSE(Report::parse(bytes)->cpuid.has_value());
  bytes[0x188] = 0x19;
  EXPECT_FALSE(Report::parse(bytes).has_value());
  bytes[0] = 3;
  EXPECT_TRUE(Report::parse(bytes)->cpuid.has_value());
  bytes[0x1F8] = 1;
  EXPECT_FALSE(Report::parse(bytes).has_value());
  bytes[0] = 5;
  EXPECT_TRUE(Report::parse(bytes).has_value());
}

TEST(Report, SizeVersionAndThePolicysOneBit) {
  auto bytes = blank(2);
  EXPECT_FALSE(Report::parse(core::ByteView(bytes).first(1183)).has_value());
  for (const std::uint8_t version : std::initializer_list<std::uint8_t>{0, 1, 6, 255}) {
    EXPECT_EQ(Report::parse(blank(version)).error().code, core::ErrorCode::Unsupported);
  }
  bytes[0x0A] = 0;
  EXPECT_FALSE(Report::parse(bytes).has_value());
  // POLICY ends with bit 25.
  bytes[0x0A] = 2;
  bytes[0x0B] = 2;
  EXPECT_TRUE(Report::parse(bytes).has_value());
  bytes[0x0B] = 4;
  EXPECT_FALSE(Report::parse(bytes).has_value());
}

TEST(TcbVersion, TheLayoutFollowsTheProduct) {
  const auto version =
      TcbVersion::from(std::array<std::uint8_t, 8>{1, 2, 3, 4, 0, 0, 7, 8}).value();
  EXPECT_EQ(components(version, Product::Milan), (TcbComponents{0, 1, 2, 7, 8}));
  EXPECT_EQ(components(version, Product::Genoa), (TcbComponents{0, 1, 2, 7, 8}));
  EXPECT_EQ(components(version, Product::Turin), (TcbComponents{1, 2, 3, 4, 8}));
  EXPECT_FALSE(has_zero_reserved(version, Product::Milan));
  EXPECT_FALSE(has_zero_reserved(version, Product::Turin));
  EXPECT_TRUE(has_zero_reserved(TcbVersion{}, Product::Turin));
}

TEST(TcbVersion, EveryComponentCounts) {
  const TcbComponents floor{1, 1, 1, 1, 1};
  EXPECT_TRUE(floor.at_least(floor));
  for (int i = 0; i < 5; ++i) {
    std::array<std::uint8_t, 5> c{9, 9, 9, 9, 9};
    c[static_cast<std::size_t>(i)] = 0;
    EXPECT_FALSE((TcbComponents{c[0], c[1], c[2], c[3], c[4]}).at_least(floor));
  }
}

TEST(Product, NamesAndModels) {
  EXPECT_EQ(product_of_name("Milan-B0"), Product::Milan);
  EXPECT_EQ(product_of_name("Siena"), Product::Genoa);
  EXPECT_FALSE(product_of_name("Naples").has_value());
  for (const std::uint8_t model : std::initializer_list<std::uint8_t>{0x00, 0x01, 0x0F}) {
    EXPECT_EQ(product_of_cpuid(0x19, model), Product::Milan);
    EXPECT_EQ(product_of_cpuid(0x1A, model), Product::Turin);
  }
  for (const std::uint8_t model : std::initializer_list<std::uint8_t>{0x10, 0x1F, 0xA0, 0xAF}) {
    EXPECT_EQ(product_of_cpuid(0x19, model), Product::Genoa);
  }
  for (const std::uint8_t model : std::initializer_list<std::uint8_t>{0x20, 0x9F, 0xB0, 0xFF}) {
    EXPECT_FALSE(product_of_cpuid(0x19, model).has_value());
  }
  EXPECT_EQ(product_of_cpuid(0x19, 0x11), Product::Genoa);
  EXPECT_EQ(product_of_cpuid(0x19, 0xA0), Product::Genoa);
  EXPECT_EQ(product_of_cpuid(0x1A, 0x02), Product::Turin);
  EXPECT_FALSE(product_of_cpuid(0x19, 0x20).has_value());
  EXPECT_FALSE(product_of_cpuid(0x17, 0x01).has_value());
}

TEST(Report, IsWrittenAsItWasRead) {
  for (const std::uint8_t version : std::initializer_list<std::uint8_t>{2, 3, 4, 5}) {
    // A byte of each field, one after the other: whatever is read is written back at its place.
    for (std::size_t at = 4; at < Report::size; ++at) {
      auto bytes = blank(version);
      bytes[at] ^= at == 0x48 ? 0x1CU : 0x01U;
      const auto report = Report::parse(bytes);
      if (!report) continue;
      EXPECT_TRUE(std::ranges::equal(report->bytes(), bytes)) << int{version} << " " << at;
    }
  }
}

TEST(Report, AnUnknownSigningKeyStaysUnknown) {
  for (unsigned key = 2; key < 7; ++key) {
    auto bytes = blank(5);
    bytes[0x48] = static_cast<std::uint8_t>(key << 2U | 3U);
    const Report report = Report::parse(Report::parse(bytes).value().bytes()).value();
    EXPECT_EQ(report.signing_key, SigningKey::Unknown);
    EXPECT_TRUE(report.author_key_enabled && report.chip_key_masked);
  }
}

TEST(Report, GenuineReportsAreWrittenAsTheyWereRead) {
  MERLON_NEEDS_VECTORS();
  namespace fs = std::filesystem;
  std::size_t count = 0;
  for (const auto& each : fs::recursive_directory_iterator(codec::testing::vectors_folder())) {
    if (!each.is_regular_file() || each.file_size() < Report::size) continue;
    std::ifstream file(each.path(), std::ios::binary);
    const std::vector<std::uint8_t> all{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = core::ByteView(all).first(Report::size);
    const auto report = Report::parse(bytes);
    if (!report) continue;  // quotes, texts, and reports that were spoilt on purpose
    EXPECT_TRUE(std::ranges::equal(report->bytes(), bytes)) << each.path();
    ++count;
  }
  EXPECT_GE(count, 10U);
  RecordProperty("reports", static_cast<int>(count));
}

TEST(Report, GenuineReports) {
  MERLON_NEEDS_VECTORS();
  const auto turin = Report::parse(codec::testing::vector_file("ms-tav/turin-v5.report.bin"));
  ASSERT_TRUE(turin.has_value()) << turin.error().what;
  EXPECT_EQ(turin->version, 5U);
  EXPECT_EQ(product_of_cpuid(turin->cpuid->family, turin->cpuid->model), Product::Turin);
  const auto milan = Report::parse(codec::testing::vector_file("trustee/milan-vlek.report.bin"));
  ASSERT_TRUE(milan.has_value()) << milan.error().what;
  EXPECT_EQ(milan->signing_key, SigningKey::Vlek);
  EXPECT_EQ(milan->vmpl, 1U);
}

}  // namespace
}  // namespace merlon::snp
