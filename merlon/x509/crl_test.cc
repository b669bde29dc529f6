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
