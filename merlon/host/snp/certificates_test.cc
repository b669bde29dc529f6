#include "merlon/host/snp/certificates.h"

#include <gtest/gtest.h>

#include "merlon/codec/pem.h"
#include "merlon/os/testing/scratch.h"
#include "merlon/sallyport/boot.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/snp/certificate_table.h"

namespace merlon::host::snp {
namespace {

using core::ErrorCode;
using ::merlon::snp::Chip;
using ::merlon::snp::TableEntryKind;
using Bytes = std::vector<std::uint8_t>;

/// SEQUENCE { INTEGER number }
Bytes value(std::uint8_t number) { return {0x30, 0x03, 0x02, 0x01, number}; }

class Certificates : public ::testing::Test {
 protected:
  void put(const std::string& name, core::ByteView bytes) const {
    cache_.make_file(name, std::string(core::as_text(bytes)));
  }
  void put_chain(std::initializer_list<std::uint8_t> numbers) const {
    std::string text;
    for (const std::uint8_t each : numbers) text += codec::to_pem("CERTIFICATE", value(each));
    cache_.make_file("vcek-Milan.pem", text);
  }
  void put_lists() const {
    const Bytes genoa = value(8);
    const Bytes milan = value(9);
    put("crls.der", sgx::crl_list({{"https://a.example/vcek/v1/Genoa/crl", genoa},
                                   {"https://a.example/vcek/v1/Milan/crl", milan}}));
  }
  [[nodiscard]] auto read() const { return read_certificates(chip_, cache_.path()); }
  [[nodiscard]] HostError refusal() const {
    const auto table = read();
    return table ? HostError{ErrorCode::Internal, "taken"} : table.error();
  }
  /// Of the table: of each entry its kind and the number in it.
  [[nodiscard]] std::vector<std::pair<TableEntryKind, int>> entries() const {
    std::vector<std::pair<TableEntryKind, int>> all;
    const auto table = read();
    EXPECT_TRUE(table.has_value()) << table.error().text;
    if (!table) return all;
    const auto parsed = ::merlon::snp::parse_certificate_table(*table);
    for (const auto& each : parsed.value()) {
      all.emplace_back(each.kind, each.bytes.back());
    }
    return all;
  }

  os::testing::ScratchDirectory cache_;
  Chip chip_ = Chip::parse("Milan", std::string(128, 'a'), "3.0.20.209").value();
  std::string vcek_ = chip_.file();
};

TEST_F(Certificates, AreTheChipsAndWhatIsAboveIt) {
  using enum TableEntryKind;
  put(vcek_, value(1));
  EXPECT_EQ(entries(), (std::vector<std::pair<TableEntryKind, int>>{{Vcek, 1}}));
  put_chain({2, 3});
  put_lists();
  EXPECT_EQ(entries(),
            (std::vector<std::pair<TableEntryKind, int>>{{Vcek, 1}, {Ask, 2}, {Ark, 3}, {Crl, 9}}));
}

TEST_F(Certificates, AreNoneWithoutTheChipsOwn) {
  put_chain({2, 3});
  put_lists();
  put(Chip::parse("Milan", std::string(128, 'a'), "3.0.20.210")->file(), value(1));
  const HostError error = refusal();
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_NE(error.text.find(vcek_), std::string::npos) << error.text;
  EXPECT_TRUE(error.text.ends_with("; merlon platform snp update gets it anew")) << error.text;
}

TEST_F(Certificates, OfAnotherProductAreLeftOut) {
  put(vcek_, value(1));
  put("vcek-Genoa.pem", core::as_bytes(codec::to_pem("CERTIFICATE", value(2))));
  const Bytes genoa = value(8);
  put("crls.der", sgx::crl_list({{"https://a.example/vcek/v1/Genoa/crl", genoa}}));
  EXPECT_EQ(entries().size(), 1U);
}

TEST_F(Certificates, ThatAreSpoiltAreToldByName) {
  const auto spoilt = [&](const std::string& name, core::ByteView bytes) {
    put(vcek_, value(1));
    put_chain({2, 3});
    put_lists();
    put(name, bytes);
    const HostError error = refusal();
    EXPECT_EQ(error.code, ErrorCode::Malformed) << name;
    EXPECT_NE(error.text.find(name), std::string::npos) << error.text;
    EXPECT_NE(error.text.find("gets it anew"), std::string::npos) << error.text;
  };
  Bytes two = value(1);
  two.push_back(0);
  spoilt(vcek_, two);
  spoilt(vcek_, core::as_bytes("words"));
  spoilt("vcek-Milan.pem", core::as_bytes("words"));
  spoilt("vcek-Milan.pem", core::as_bytes(codec::to_pem("CERTIFICATE", value(2))));
  spoilt("vcek-Milan.pem", core::as_bytes(codec::to_pem("CERTIFICATE", value(2)) +
                                          codec::to_pem("CERTIFICATE", two)));
  spoilt("crls.der", core::as_bytes("words"));
  const auto lists = sgx::crl_list({{"https://a.example/vcek/v1/Milan/crl", two}});
  spoilt("crls.der", lists);
}

TEST_F(Certificates, ThatNoKeepHasRoomForAreRefused) {
  put(vcek_, Bytes((64U << 10U) + 1, 0));
  EXPECT_EQ(refusal().code, ErrorCode::Malformed);
  Bytes large{0x30, 0x82, 0xff, 0xf0};
  large.resize(0xfff0 + 4, 0);
  put(vcek_, large);
  const HostError error = refusal();
  EXPECT_TRUE(error.text.ends_with(": more certificates than a keep has room for")) << error.text;
  large.resize(0x8000 + 4);
  large[2] = 0x80;
  large[3] = 0;
  put(vcek_, large);
  EXPECT_TRUE(read().has_value());
}

}  // namespace
}  // namespace merlon::host::snp
