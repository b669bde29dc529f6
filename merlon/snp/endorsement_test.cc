#include "merlon/snp/endorsement.h"

#include <gtest/gtest.h>

#include "merlon/snp/testing/make.h"

namespace merlon::snp {
namespace {

using testing::Bytes;
using testing::EndorsementShape;

core::Result<EndorsementExtensions> parsed(const std::vector<std::pair<Bytes, Bytes>>& all) {
  std::vector<ExtensionView> views;
  for (const auto& [oid, value] : all) views.push_back({oid, value});
  return EndorsementExtensions::parse(views);
}

TEST(Endorsement, BothEncodingsMeanTheSame) {
  for (const bool wrapped : {false, true}) {
    EndorsementShape shape;
    shape.tcb.microcode = 217;  // two bytes as an INTEGER
    shape.hwid = Bytes(64, 9);
    shape.wrapped = wrapped;
    const auto made = parsed(endorsement_extensions(shape));
    ASSERT_TRUE(made.has_value()) << made.error().what;
    EXPECT_EQ(made->tcb, shape.tcb);
    EXPECT_EQ(made->product, Product::Milan);
    EXPECT_EQ(made->hwid, shape.hwid);
    EXPECT_FALSE(made->csp_id.has_value());
  }
}

TEST(Endorsement, TurinHasAnotherPatchLevelAndAShortHwid) {
  EndorsementShape shape;
  shape.product = "Turin";
  shape.tcb.fmc = 4;
  shape.hwid = Bytes(8, 9);
  auto all = endorsement_extensions(shape);
  EXPECT_EQ(parsed(all)->tcb.fmc, 4);
  EXPECT_EQ(parsed(all)->hwid, shape.hwid);
  // A bare one that looks like an OCTET STRING of six bytes is not taken apart.
  shape.hwid = Bytes{4, 6, 1, 2, 3, 4, 5, 6};
  EXPECT_EQ(parsed(endorsement_extensions(shape))->hwid, shape.hwid);
  all.erase(all.begin() + 6);
  EXPECT_EQ(parsed(all).error().code, core::ErrorCode::NotFound);
}

TEST(Endorsement, EveryPartButHwidAndProviderMustBeThere) {
  const auto all = testing::endorsement_extensions({});
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto fewer = all;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(parsed(fewer).has_value()) << i;
  }
}

TEST(Endorsement, APatchLevelIsOneByte) {
  auto all = endorsement_extensions(EndorsementShape{});
  for (auto& [oid, value] : all) {
    if (oid.back() != 8) continue;
    value = codec::testing::integer(255);
    EXPECT_TRUE(parsed(all).has_value());
    value = Bytes{2, 2, 1, 0};  // 256
    EXPECT_FALSE(parsed(all).has_value());
    return;
  }
  FAIL() << "no patch level of the microcode";
}

TEST(Endorsement, OddSizesAreRefused) {
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 7, 9, 63, 65, 128}) {
    EndorsementShape shape;
    shape.hwid = Bytes(size, 1);
    EXPECT_FALSE(parsed(endorsement_extensions(shape)).has_value()) << size;
  }
}

}  // namespace
}  // namespace merlon::snp
