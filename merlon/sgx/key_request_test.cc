#include "merlon/sgx/key_request.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::sgx {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(KeyRequest, EachFieldStandsWhereTheManualSaysSo) {
  Bytes bytes(KeyRequest::size, 0);
  std::uint8_t mark = 1;
  for (const std::size_t at : std::initializer_list<std::size_t>{0x00, 0x02, 0x04, 0x06, 0x08, 0x18,
                                                                 0x20, 0x28, 0x48, 0x4C}) {
    bytes[at] = mark++;
  }
  const KeyRequest request = KeyRequest::parse(bytes).value();
  EXPECT_EQ(request.name, KeyName::Provision);
  EXPECT_EQ(request.policy, 2);
  EXPECT_TRUE(request.has(KeyPolicy::OfSigner));
  EXPECT_FALSE(request.has(KeyPolicy::OfEnclave));
  EXPECT_EQ(request.svn, 3);
  EXPECT_EQ(request.cet_mask, 4);
  EXPECT_EQ(request.cpu_svn.view()[0], 5);
  EXPECT_EQ(request.flags_mask, 6U);
  EXPECT_EQ(request.xfrm_mask, 7U);
  EXPECT_EQ(request.key_id.view()[0], 8);
  EXPECT_EQ(request.misc_mask, 9U);
  EXPECT_EQ(request.config_svn, 10);
  EXPECT_TRUE(std::ranges::equal(request.to_bytes(), bytes));
}

TEST(KeyRequest, WhatIsReservedMustBeZero) {
  for (const std::size_t at : std::initializer_list<std::size_t>{0x07, 0x4E, 0x100, 0x1FF}) {
    Bytes bytes(KeyRequest::size, 0);
    bytes[at] = 1;
    EXPECT_FALSE(KeyRequest::parse(bytes).has_value()) << at;
  }
  for (unsigned bit = 0; bit < 16; ++bit) {
    Bytes bytes(KeyRequest::size, 0);
    bytes[2 + bit / 8] = static_cast<std::uint8_t>(1U << bit % 8);
    EXPECT_EQ(KeyRequest::parse(bytes).has_value(), bit < 6) << bit;
  }
  EXPECT_FALSE(KeyRequest::parse(Bytes(KeyRequest::size - 1)).has_value());
  EXPECT_FALSE(KeyRequest::parse(Bytes(KeyRequest::size + 1)).has_value());
}

TEST(KeyRequest, NamesOfNoKeyCanBeAskedFor) {
  Bytes bytes(KeyRequest::size, 0);
  bytes[1] = 0xFF;
  EXPECT_TRUE(std::ranges::equal(KeyRequest::parse(bytes)->to_bytes(), bytes));
}

}  // namespace
}  // namespace merlon::sgx
