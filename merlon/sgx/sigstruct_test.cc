#include "merlon/sgx/sigstruct.h"

#include <vector>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/testing/vectors.h"

namespace merlon::sgx {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

/// Each field's lowest byte says where the field stands.
Sigstruct marked() {
  const auto mark = [](auto& field, std::uint8_t value) {
    std::array<std::uint8_t, std::remove_reference_t<decltype(field)>::size> bytes{value};
    field = std::remove_reference_t<decltype(field)>::from(bytes).value();
  };
  Sigstruct s;
  s.date = 0x2026'0130;
  s.software_defined = 0x31;
  mark(s.modulus, 0x32);
  mark(s.signature, 0x33);
  s.misc_select = 0x34;
  s.misc_mask = 0x35;
  s.cet_attributes = 0x36;
  s.cet_mask = 0x37;
  mark(s.family_id, 0x38);
  s.flags = 0x39;
  s.xfrm = 0x3A;
  s.flags_mask = 0x3B;
  s.xfrm_mask = 0x3C;
  mark(s.mr_enclave, 0x3D);
  mark(s.ext_product_id, 0x3E);
  s.product_id = 0x3F;
  s.svn = 0x40;
  mark(s.q1, 0x41);
  mark(s.q2, 0x42);
  return s;
}

TEST(Sigstruct, EachFieldStandsWhereTheManualSaysSo) {
  const auto bytes = marked().to_bytes();
  std::uint8_t mark = 0x30;
  for (const std::size_t at :
       std::initializer_list<std::size_t>{20, 40, 128, 516, 900, 904, 908, 909, 912, 928, 936, 944,
                                          952, 960, 1008, 1024, 1026, 1040, 1424}) {
    EXPECT_EQ(bytes[at], mark++) << at;
  }
  EXPECT_EQ(bytes[512], 3);  // exponent
  EXPECT_EQ(base::hex(core::ByteView(bytes).first(16)), "06000000e10000000000010000000000");
  EXPECT_EQ(base::hex(core::ByteView(bytes).subspan(24, 16)), "01010000600000006000000001000000");
}

TEST(Sigstruct, ReadsAsItWasWritten) {
  EXPECT_EQ(Sigstruct::parse(marked().to_bytes()).value(), marked());
  Sigstruct of_intel = marked();
  of_intel.vendor = Sigstruct::vendor_intel;
  EXPECT_EQ(Sigstruct::parse(of_intel.to_bytes()).value(), of_intel);
}

TEST(Sigstruct, HasOneSize) {
  const auto whole = marked().to_bytes();
  Bytes bytes(whole.begin(), whole.end());
  bytes.push_back(0);
  EXPECT_EQ(Sigstruct::parse(bytes).error().code, ErrorCode::Malformed);
  bytes.resize(Sigstruct::size - 1);
  EXPECT_EQ(Sigstruct::parse(bytes).error().code, ErrorCode::Malformed);
  EXPECT_EQ(Sigstruct::parse({}).error().code, ErrorCode::Malformed);
}

TEST(Sigstruct, WhatMustBeAsItIsCannotBeAnother) {
  const auto refusal = [](std::size_t at, std::uint8_t byte) {
    auto bytes = marked().to_bytes();
    bytes[at] = byte;
    const auto parsed = Sigstruct::parse(bytes);
    return parsed ? ErrorCode::Internal : parsed.error().code;
  };
  for (const std::size_t at : std::initializer_list<std::size_t>{0, 15, 24, 39, 44, 127, 910, 911,
                                                                 992, 1007, 1028, 1039}) {
    EXPECT_EQ(refusal(at, 0x7F), ErrorCode::Malformed) << at;
  }
  EXPECT_EQ(refusal(16, 0x86), ErrorCode::Unsupported);  // 0x86 alone is not Intel's
  EXPECT_EQ(refusal(512, 1), ErrorCode::Unsupported);
  EXPECT_EQ(refusal(514, 1), ErrorCode::Unsupported);
}

TEST(Sigstruct, SignedAreTheFirst128BytesAndThoseFrom900To1028) {
  const auto bytes = marked().to_bytes();
  Bytes wanted(bytes.begin(), bytes.begin() + 128);
  wanted.insert(wanted.end(), bytes.begin() + 900, bytes.begin() + 1028);
  const auto parts = marked().signed_bytes();
  EXPECT_EQ(Bytes(parts.begin(), parts.end()), wanted);
}

TEST(Sigstruct, OfATestEnclaveIsReadAndWrittenAgain) {
  MERLON_NEEDS_VECTORS();
  for (const char* const name :
       {"measurement/test_enclave.sig", "measurement/sig1.sigstruct.bin"}) {
    const Bytes bytes = codec::testing::vector_file(name);
    const auto parsed = Sigstruct::parse(bytes);
    ASSERT_TRUE(parsed.has_value()) << name << ": " << parsed.error().what;
    const auto again = parsed->to_bytes();
    EXPECT_EQ(Bytes(again.begin(), again.end()), bytes) << name;
  }
  // What measurement/sgx_mrenclave.json says of it.
  const auto enclave =
      Sigstruct::parse(codec::testing::vector_file("measurement/test_enclave.sig")).value();
  EXPECT_EQ(base::hex(enclave.mr_enclave.view()),
            "784acfd7d5096a8f0fbd3265760bff21b120f62407a9a9e5ba31aa3c8ed198fc");
  EXPECT_EQ(enclave.date, 0x2016'1214U);
  EXPECT_EQ(enclave.product_id, 65535);
  EXPECT_EQ(enclave.svn, 0);
  EXPECT_EQ(enclave.flags, attribute_mode64bit);
  EXPECT_EQ(enclave.xfrm, 3U);
  EXPECT_EQ(enclave.flags_mask, ~attribute_debug);
  EXPECT_EQ(enclave.misc_mask, 0xFFFF'FFFFU);
}

}  // namespace
}  // namespace merlon::sgx
