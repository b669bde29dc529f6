#include "merlon/drawbridge/admission.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::drawbridge {
namespace {

using base::concat;
using evidence::Technology;

/// One that hardware vouches for.
Keep good() {
  Keep keep;
  keep.result.technology = Technology::Snp;
  keep.result.status = evidence::TrustTier::Affirming;
  keep.result.measurement = {0xAA, 0xBB};
  keep.result.signers = {{"author key digest", {0x01}}, {"id key digest", {0x02}}};
  keep.result.workload = evidence::WorkloadClaims{
      crypto::sha256({core::as_bytes("tenant")}), crypto::sha256({core::as_bytes("module")}), {}};
  keep.steward = crypto::sha256({core::as_bytes("steward")});
  return keep;
}

bool admits(std::string_view rules, const Keep& keep) {
  const auto parsed = Admission::parse(concat(R"({"keeps":[)", rules, "]}"));
  EXPECT_TRUE(parsed) << rules;
  return parsed && parsed->admits(keep);
}

std::string hex_of(std::string_view text) {
  return base::hex(crypto::sha256({core::as_bytes(text)}).view());
}

TEST(Admission, WithoutARuleNobodyIsLetIn) {
  EXPECT_FALSE(Admission().admits(good()));
  EXPECT_FALSE(admits("", good()));
}

TEST(Admission, AllMembersOfOneElementHold) {
  EXPECT_TRUE(admits("{}", good()));
  EXPECT_TRUE(admits(R"({"technology":"snp","measurement":"aabb","signer":"02"})", good()));
  EXPECT_FALSE(admits(R"({"technology":"sgx","measurement":"aabb"})", good()));
  EXPECT_FALSE(admits(R"({"technology":"snp","measurement":"aabbcc"})", good()));
  EXPECT_FALSE(admits(R"({"signer":"03"})", good()));
  EXPECT_TRUE(admits(R"({"signer":"03"},{"signer":"01"})", good()));
  EXPECT_TRUE(admits(concat(R"({"steward":")", hex_of("steward"), "\"}"), good()));
  EXPECT_FALSE(admits(concat(R"({"steward":")", hex_of("another"), "\"}"), good()));
  EXPECT_TRUE(
      admits(concat(R"({"tenant":")", hex_of("tenant"), R"(","module":")", hex_of("module"), "\"}"),
             good()));
  EXPECT_FALSE(admits(concat(R"({"tenant":")", hex_of("another"), "\"}"), good()));
  Keep bare = good();
  bare.result.workload.reset();
  EXPECT_FALSE(admits(concat(R"({"tenant":")", hex_of("tenant"), "\"}"), bare));
  EXPECT_FALSE(admits(concat(R"({"module":")", hex_of("module"), "\"}"), bare));
}

TEST(Admission, WhatCanBeLookedIntoIsLetInByNameOnly) {
  for (const int kind : {0, 1, 2, 3, 4}) {
    Keep keep = good();
    if (kind == 0) keep.result.debug = true;
    if (kind == 1) keep.result.simulator = true;
    if (kind == 2) keep.result.technology = Technology::Kvm;
    if (kind == 3) keep.result.status = evidence::TrustTier::Contraindicated;
    if (kind == 4) keep.result.status = evidence::TrustTier::None;
    EXPECT_FALSE(admits("{}", keep)) << kind;
    EXPECT_TRUE(admits(R"({"insecure":true})", keep)) << kind;
  }
}

TEST(Admission, WhatIsNotKnownIsRefused) {
  for (const char* text :
       {"", "{}", "[]", R"({"keeps":{}})", R"({"keeps":[],"more":1})", R"({"keeps":[1]})",
        R"({"keeps":[{"measurment":"aa"}]})", R"({"keeps":[{"measurement":""}]})",
        R"({"keeps":[{"measurement":1}]})", R"({"keeps":[{"technology":"sev"}]})",
        R"({"keeps":[{"steward":"aa"}]})", R"({"keeps":[{"insecure":"true"}]})"}) {
    EXPECT_FALSE(Admission::parse(text)) << text;
  }
  EXPECT_FALSE(keep_of(core::as_bytes("no certificate"), {}));
}

}  // namespace
}  // namespace merlon::drawbridge
