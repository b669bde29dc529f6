#include "merlon/snp/key_request.h"

#include <gtest/gtest.h>

namespace merlon::snp {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

KeyRequest example() {
  KeyRequest request;
  request.vmpl = 1;
  request.guest_svn = 0x0A0B0C0D;
  request.tcb = TcbVersion::from(Bytes{1, 2, 3, 4, 5, 6, 7, 8}).value();
  return request;
}

TEST(KeyRequest, LiesAsTheFirmwareReadsIt) {
  const Bytes bytes = example().bytes();
  const Bytes wanted{2, 0, 0, 0, 0,    0,    0,    0,    0x3F, 0, 0, 0, 0, 0, 0, 0,
                     1, 0, 0, 0, 0x0D, 0x0C, 0x0B, 0x0A, 1,    2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(bytes, wanted);
  const KeyRequest read = KeyRequest::parse(bytes).value();
  EXPECT_EQ(read.bytes(), wanted);
  for (const KeyField field : {KeyField::Policy, KeyField::Image, KeyField::Family,
                               KeyField::Measurement, KeyField::Svn, KeyField::Tcb}) {
    EXPECT_TRUE(read.selects(field));
  }
}

TEST(KeyRequest, WhatNoGuestMayAskIsRefused) {
  const Bytes good = example().bytes();
  const auto refused = [&](std::size_t at, std::uint8_t value) {
    Bytes altered = good;
    altered[at] = value;
    const auto read = KeyRequest::parse(altered);
    return !read && read.error().code == ErrorCode::Malformed;
  };
  EXPECT_TRUE(refused(0, 3));      // VMRK and a key of it
  EXPECT_TRUE(refused(0, 6));      // a third key
  EXPECT_TRUE(refused(1, 1));      // reserved
  EXPECT_TRUE(refused(7, 1));      // reserved
  EXPECT_TRUE(refused(8, 0x7F));   // a field of a newer request
  EXPECT_TRUE(refused(15, 0x80));  // a field that there is none of
  EXPECT_TRUE(refused(16, 4));     // a level that there is none of
  EXPECT_TRUE(refused(19, 1));
  Bytes other = good;
  other.pop_back();
  EXPECT_FALSE(KeyRequest::parse(other));
  other.resize(40);
  EXPECT_FALSE(KeyRequest::parse(other));
}

TEST(KeyResponse, IsReadAsItWasWritten) {
  KeyResponse response;
  response.status = KeyStatus::Success;
  response.key = crypto::SecretBytes(Bytes(32, 0x5A));
  const Bytes bytes = response.bytes();
  ASSERT_EQ(bytes.size(), 64U);
  EXPECT_EQ(bytes[0x20], 0x5A);
  EXPECT_EQ(bytes[0x3F], 0x5A);
  const auto read = KeyResponse::parse(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->status, KeyStatus::Success);
  EXPECT_TRUE(std::ranges::equal(read->key.reveal(), response.key.reveal()));
}

TEST(KeyResponse, WithoutSuccessThereIsNoKey) {
  for (const KeyStatus status : {KeyStatus::InvalidParameters, KeyStatus::InvalidKeySelection}) {
    KeyResponse response;
    response.status = status;
    response.key = crypto::SecretBytes(Bytes(32, 0x5A));
    const Bytes bytes = response.bytes();
    EXPECT_EQ(bytes[0x20], 0);
    const auto read = KeyResponse::parse(bytes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->status, status);
    EXPECT_TRUE(read->key.reveal().empty());
  }
}

TEST(KeyResponse, WhatNoFirmwareWritesIsRefused) {
  Bytes good(64, 0x5A);
  std::fill_n(good.begin(), 32, std::uint8_t{0});
  ASSERT_TRUE(KeyResponse::parse(good).has_value());
  Bytes bad = good;
  bad[0] = 1;
  EXPECT_EQ(KeyResponse::parse(bad).error().code, ErrorCode::Unsupported);
  bad = good;
  bad[31] = 1;
  EXPECT_EQ(KeyResponse::parse(bad).error().code, ErrorCode::Malformed);
  EXPECT_EQ(KeyResponse::parse(Bytes(64, 0)).error().code, ErrorCode::Malformed) << "no key at all";
  good.pop_back();
  EXPECT_EQ(KeyResponse::parse(good).error().code, ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::snp
