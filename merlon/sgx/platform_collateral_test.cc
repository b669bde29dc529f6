#include "merlon/sgx/platform_collateral.h"

#include <gtest/gtest.h>

namespace merlon::sgx {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

const Bytes one{0x30, 0x01, 0x05};
const Bytes other{0x30, 0x02, 0x05, 0x00};

Bytes whole(std::string_view identity = "{\"i\":2}") {
  return platform_collateral(crl_list({{"https://a", one}, {"", other}}),
                             tcb_package({other, one}, "{\"t\":1}"), identity);
}

TEST(PlatformCollateral, WhatIsWrittenIsReadAgain) {
  const Bytes bytes = whole();
  const auto read = PlatformCollateral::parse(bytes).value();
  ASSERT_EQ(read.lists.size(), 2U);
  EXPECT_EQ(read.lists[0].url, "https://a");
  EXPECT_TRUE(std::ranges::equal(read.lists[0].der, one));
  EXPECT_TRUE(std::ranges::equal(read.lists[1].der, other));
  ASSERT_EQ(read.tcb.signers.size(), 2U);
  EXPECT_TRUE(std::ranges::equal(read.tcb.signers[1], one));
  EXPECT_EQ(read.tcb.tcb_info, "{\"t\":1}");
  EXPECT_EQ(read.identity, "{\"i\":2}");
  EXPECT_TRUE(std::ranges::equal(read.crl_list, crl_list(read.lists)));
  EXPECT_EQ(PlatformCollateral::parse(whole(""))->identity, "");
}

TEST(PlatformCollateral, OfOnePartMoreOrLessIsNone) {
  const Bytes bytes = whole();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(PlatformCollateral::parse(core::ByteView(bytes).first(size)).has_value()) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(PlatformCollateral::parse(longer).has_value());
  const Bytes content = codec::der_join(
      {crl_list({}), tcb_package({}, ""), codec::der_octets({}), codec::der_octets({})});
  EXPECT_FALSE(
      PlatformCollateral::parse(codec::der_value(codec::DerTag::Sequence, content)).has_value());
}

TEST(PlatformCollateral, IsBounded) {
  const std::vector<ListAt> most(max_collateral_parts, {"", one});
  EXPECT_TRUE(parse_crl_list(crl_list(most)).has_value());
  const std::vector<ListAt> more(max_collateral_parts + 1, {"", one});
  EXPECT_EQ(parse_crl_list(crl_list(more)).error().code, ErrorCode::Exhausted);
  const std::vector<core::ByteView> signers(max_collateral_parts + 1, one);
  EXPECT_EQ(TcbPackage::parse(tcb_package(signers, "")).error().code, ErrorCode::Exhausted);
  const std::string large(max_collateral_size, ' ');
  EXPECT_EQ(PlatformCollateral::parse(whole(large)).error().code, ErrorCode::Exhausted);
}

}  // namespace
}  // namespace merlon::sgx
