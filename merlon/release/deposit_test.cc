#include "merlon/release/deposit.h"

#include <gtest/gtest.h>

#include "merlon/release/testing/world.h"

namespace merlon::release {
namespace {

using core::ErrorCode;
using testing::Bytes;
using testing::deposit_for;
using testing::document;

TEST(DepositDocument, IsReadAsItWasWritten) {
  auto deposit = deposit_for("policy", 17);
  deposit.host_hears = true;
  const Bytes bytes = document(deposit);
  const auto read = decode_deposit(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "app");
  EXPECT_EQ(read->releases, 17U);
  EXPECT_EQ(read->until, deposit.until);
  EXPECT_TRUE(read->host_hears);
  EXPECT_EQ(read->policy, "policy");
  EXPECT_EQ(read->offer, deposit.offer);
  EXPECT_EQ(core::as_text(read->input.reveal()), "some words");
  EXPECT_EQ(document(*read), bytes);
}

TEST(DepositDocument, IsRefusedWhereverItEndsEarlyOrGoesOn) {
  const Bytes bytes = document(deposit_for("policy"));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_deposit(core::ByteView(bytes).first(size))) << size;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode_deposit(longer));
}

TEST(DepositDocument, HasBounds) {
  auto deposit = deposit_for("policy");
  deposit.releases = 0;
  EXPECT_FALSE(encode(deposit));
  deposit.releases = max_releases + 1;
  EXPECT_FALSE(encode(deposit));
  deposit.releases = max_releases;
  EXPECT_TRUE(encode(deposit));
  for (const char* name : {"", "Up", "a b", "1a"}) {
    deposit.name = name;
    EXPECT_FALSE(encode(deposit)) << name;
  }
  deposit.name = "a";
  deposit.policy = std::string(max_deposit_policy + 1, 'x');
  EXPECT_EQ(encode(deposit).error().code, ErrorCode::Exhausted);
  deposit.policy = "x";
  deposit.offer = std::string(max_offer + 1, 'x');
  EXPECT_EQ(encode(deposit).error().code, ErrorCode::Exhausted);
  deposit.offer.clear();
  deposit.input = crypto::SecretBytes(Bytes(max_input + 1));
  EXPECT_EQ(encode(deposit).error().code, ErrorCode::Exhausted);
  deposit.input = {};
  deposit.workload = crypto::SecretBytes(Bytes(max_deposit_size));
  EXPECT_EQ(encode(deposit).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(decode_deposit(Bytes(max_deposit_size + 1)).error().code, ErrorCode::Exhausted);
}

TEST(DepositDocument, NamesAPackage) {
  EXPECT_TRUE(checked_workload(deposit_for("policy")));
  auto deposit = deposit_for("policy");
  deposit.workload = crypto::SecretBytes(Bytes(10));
  EXPECT_FALSE(checked_workload(deposit));
}

}  // namespace
}  // namespace merlon::release
