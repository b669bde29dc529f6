#include "merlon/x509/crl.h"

#include <gtest/gtest.h>

#include "merlon/codec/testing/vectors.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::x509 {
namespace {

using namespace testing;
using codec::testing::vector_file;

const SigningKey& key() {
  static const SigningKey made(crypto::KeyKind::P384);
  return made;
}

TEST(Crl, SerialsAreFound) {
  CrlTemplate shape;
  shape.serials = {5, 300};
  const Crl list = Crl::parse(issue_crl(shape, key())).value();
  EXPECT_EQ(list.size(), 2U);
  EXPECT_TRUE(list.lists(std::vector<std::uint8_t>{5}));
  EXPECT_TRUE(list.lists(std::vector<std::uint8_t>{1, 44}));
  EXPECT_FALSE(list.lists(std::vector<std::uint8_t>{6}));
  EXPECT_FALSE(list.lists({}));
}

TEST(Crl, AnEmptyListIsAList) { EXPECT_EQ(Crl::parse(issue_crl({}, key()))->size(), 0U); }

TEST(Crl, CriticalExtensionsAreRefused) {
  CrlTemplate shape;
  shape.extensions = {extension({2, 5, 29, 28}, true, {})};  // issuingDistributionPoint
  EXPECT_EQ(Crl::parse(issue_crl(shape, key())).error().code, core::ErrorCode::Unsupported);
  shape.extensions = {extension({2, 5, 29, 20}, false, codec::testing::integer(9))};
  EXPECT_EQ(Crl::parse(issue_crl(shape, key()))->number()[0], 9);
}

TEST(Crl, EveryTruncationIsRefused) {
  CrlTemplate shape;
  shape.serials = {5};
  const Bytes der = issue_crl(shape, key());
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(Crl::parse(core::ByteView(der).first(size)).has_value()) << size;
  }
}

TEST(Crl, ItsShapeIsKnownWithoutItsEnd) {
  const Bytes whole = issue_crl({.issuer = "some issuer"}, key());
  EXPECT_TRUE(is_shaped_as_crl(whole));
  EXPECT_TRUE(is_shaped_as_crl(core::ByteView(whole).first(whole.size() / 2)));
  EXPECT_FALSE(is_shaped_as_crl(core::ByteView(whole).first(20)));
  // The length of a list of up to 4 GiB, which is its shape even if it is no list that we read.
  const std::size_t header = whole[1] < 0x80 ? 2U : 2U + (whole[1] & 0x7FU);
  Bytes huge{0x30, 0x84, 0x7F, 0, 0, 0};
  huge.insert(huge.end(), whole.begin() + static_cast<std::ptrdiff_t>(header), whole.end());
  EXPECT_TRUE(is_shaped_as_crl(huge));
  huge[1] = 0x85;
  huge.insert(huge.begin() + 2, 0);
  EXPECT_FALSE(is_shaped_as_crl(huge));
  const Bytes certificate = issue(ca_template("a", "a"), key().spki(), key());
  EXPECT_FALSE(is_shaped_as_crl(certificate));
  EXPECT_FALSE(is_shaped_as_crl(codec::testing::sequence({certificate, certificate})));
  EXPECT_FALSE(is_shaped_as_crl(issue_request({}, key())));
  for (const Bytes& bytes : {Bytes{}, Bytes{0x30}, Bytes{0x30, 0x84}, Bytes{0x30, 0x80, 0x30, 0x80},
                             Bytes(40, 0x30), Bytes(40, 0xFF)}) {
    EXPECT_FALSE(is_shaped_as_crl(bytes));
  }
}

TEST(Crl, GenuineLists) {
  MERLON_NEEDS_VECTORS();
  const auto genoa = Crl::parse(vector_file("amd-crl/ark-genoa-2026.crl"));
  ASSERT_TRUE(genoa.has_value());
  EXPECT_TRUE(genoa->lists(std::vector<std::uint8_t>{2, 0, 1}));
  const auto platform = Crl::parse(vector_file("steward/xeon.platform.crl"));
  ASSERT_TRUE(platform.has_value()) << platform.error().what;
  EXPECT_EQ(platform->size(), 44U);
}

}  // namespace
}  // namespace merlon::x509
