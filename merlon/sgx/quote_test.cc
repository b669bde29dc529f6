#include "merlon/sgx/quote.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/testing/vectors.h"

namespace merlon::sgx {
namespace {

using codec::testing::vector_file;

void put(std::vector<std::uint8_t>& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

struct Shape {
  std::uint16_t version = 3;
  std::uint16_t key_type = 2;
  std::uint32_t tee = 0;
  std::uint16_t body_type = 1;
  std::size_t body_size = 384;
  std::size_t said_too_much = 0;  ///< how much larger than it is version 5 says that the body is
  std::uint16_t outer_type = 6;
  std::uint16_t inner_type = 5;
  std::size_t extra_inner = 0;
  std::size_t extra_outer = 0;
};

/// A quote of zeros in the right shape.
std::vector<std::uint8_t> quote(const Shape& shape) {
  std::vector<std::uint8_t> bytes;
  put(bytes, shape.version, 2);
  put(bytes, shape.key_type, 2);
  put(bytes, shape.tee, 4);
  put(bytes, 0, 4);
  for (const int byte : {0x93, 0x9A, 0x72, 0x33, 0xF7, 0x9C, 0x4C, 0xA9, 0x94, 0x0A, 0x0D, 0xB3,
                         0x95, 0x7F, 0x06, 0x07}) {
    bytes.push_back(static_cast<std::uint8_t>(byte));
  }
  bytes.resize(48);
  if (shape.version == 5) {
    put(bytes, shape.body_type, 2);
    put(bytes, shape.body_size + shape.said_too_much, 4);
  }
  bytes.resize(bytes.size() + shape.body_size);
  std::vector<std::uint8_t> qe(384 + 64);
  put(qe, 2, 2);
  put(qe, 0xAABB, 2);
  put(qe, shape.inner_type, 2);
  put(qe, 3, 4);
  put(qe, 0x4D4550, 3);
  qe.resize(qe.size() + shape.extra_inner, 1);
  std::vector<std::uint8_t> signature(128);
  if (shape.version > 3) {
    put(signature, shape.outer_type, 2);
    put(signature, qe.size(), 4);
  }
  signature.insert(signature.end(), qe.begin(), qe.end());
  signature.resize(signature.size() + shape.extra_outer, 1);
  put(bytes, signature.size(), 4);
  bytes.insert(bytes.end(), signature.begin(), signature.end());
  return bytes;
}

core::ErrorCode refusal(const Shape& shape) {
  const auto parsed = Quote::parse(quote(shape));
  return parsed ? core::ErrorCode::Internal : parsed.error().code;
}
constexpr auto accepted = core::ErrorCode::Internal;

TEST(Quote, AllSupportedShapes) {
  const auto v3 = Quote::parse(quote({})).value();
  EXPECT_EQ(v3.kind, BodyKind::Enclave);
  EXPECT_EQ(v3.signed_bytes.size(), 432U);
  EXPECT_EQ(base::hex(v3.qe_authentication), "bbaa");
  EXPECT_EQ(core::as_text(v3.pck_chain), "PEM");
  Shape v4;
  v4.version = 4;
  EXPECT_EQ(Quote::parse(quote(v4))->kind, BodyKind::Enclave);
  v4.tee = 0x81;
  v4.body_size = 584;
  EXPECT_EQ(Quote::parse(quote(v4))->kind, BodyKind::Td10);
  Shape v5 = v4;
  v5.version = 5;
  v5.body_type = 2;
  EXPECT_EQ(Quote::parse(quote(v5))->kind, BodyKind::Td10);
  v5.body_type = 3;
  v5.body_size = 648;
  const auto td15 = Quote::parse(quote(v5)).value();
  EXPECT_EQ(td15.kind, BodyKind::Td15);
  EXPECT_EQ(td15.signed_bytes.size(), 48U + 6 + 648);
}

TEST(Quote, WhatIsNotSupportedIsRefusedByName) {
  using enum core::ErrorCode;
  for (const std::uint16_t version : std::initializer_list<std::uint16_t>{0, 1, 2, 6}) {
    Shape shape;
    shape.version = version;
    EXPECT_EQ(refusal(shape), Unsupported) << version;
  }
  Shape shape;
  shape.key_type = 3;
  EXPECT_EQ(refusal(shape), Unsupported);
  shape = {};
  shape.tee = 0x81;
  EXPECT_EQ(refusal(shape), Malformed);
  shape.version = 4;
  shape.tee = 1;
  EXPECT_EQ(refusal(shape), Unsupported);
  for (const std::uint16_t type : std::initializer_list<std::uint16_t>{0, 1, 2, 3, 4, 6, 7, 8}) {
    shape = {};
    shape.inner_type = type;
    const auto parsed = Quote::parse(quote(shape));
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code, Unsupported);
    EXPECT_EQ(parsed.error().detail, type);
  }
  shape = {};
  shape.version = 4;
  shape.outer_type = 5;
  EXPECT_EQ(refusal(shape), Unsupported);
  shape = {};
  shape.version = 5;
  shape.body_type = 4;
  EXPECT_EQ(refusal(shape), Unsupported);
  auto vendor = quote({});
  vendor[12] ^= 1U;
  EXPECT_EQ(Quote::parse(vendor).error().code, Unsupported);
}

TEST(Quote, SizesMustAddUp) {
  using enum core::ErrorCode;
  Shape shape;
  shape.extra_inner = 1;
  EXPECT_EQ(refusal(shape), Malformed);
  shape = {};
  shape.version = 4;
  shape.extra_outer = 1;
  EXPECT_EQ(refusal(shape), Malformed);
  shape = {};
  shape.version = 5;
  shape.body_size = 385;
  EXPECT_EQ(refusal(shape), Malformed);
  // Larger by as much as the quote itself says, and smaller.
  for (const auto& [type, tee, size] :
       {std::tuple{1, 0, 584}, {2, 0x81, 648}, {2, 0x81, 384}, {3, 0x81, 584}, {3, 0x81, 700}}) {
    shape.body_type = static_cast<std::uint16_t>(type);
    shape.tee = static_cast<std::uint32_t>(tee);
    shape.body_size = static_cast<std::size_t>(size);
    EXPECT_EQ(refusal(shape), Malformed) << type << " of " << size;
  }
  shape = {};
  shape.version = 5;
  shape.said_too_much = 1;
  EXPECT_EQ(refusal(shape), Malformed);
  shape.said_too_much = 0;
  shape.tee = 0x81;
  EXPECT_EQ(refusal(shape), Malformed);
  shape.tee = 0;
  EXPECT_EQ(refusal(shape), accepted);
}

TEST(Quote, OnlyZerosMayStandBehindIt) {
  auto bytes = quote({});
  bytes.resize(bytes.size() + 100);
  EXPECT_EQ(Quote::parse(bytes)->padding, 100U);
  bytes.back() = 1;
  EXPECT_FALSE(Quote::parse(bytes).has_value());
}

TEST(Quote, EveryTruncationIsRefused) {
  Shape shape;
  shape.version = 5;
  const auto bytes = quote(shape);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(Quote::parse(core::ByteView(bytes).first(size)).has_value()) << size;
  }
}

TEST(Quote, AnEndThatComesTooEarlyIsSaid) {
  Shape shape;
  shape.version = 5;
  const auto bytes = quote(shape);
  const auto error = [&](std::size_t size) {
    return Quote::parse(core::ByteView(bytes).first(size)).error();
  };
  const std::string_view behind = ", by so many bytes";
  for (const auto& [size, part, missing] :
       {std::tuple{4U, "header", 44U}, std::tuple{47U, "header", 1U}, std::tuple{48U, "body", 6U},
        std::tuple{54U, "body", 384U}, std::tuple{437U, "body", 1U}}) {
    EXPECT_EQ(error(size).message(),
              base::concat("a quote ends before its ", part, " does", behind));
    EXPECT_EQ(error(size).detail, missing) << size;
  }
  EXPECT_EQ(error(438).detail, 4U);
  for (std::size_t size = 442; size < bytes.size(); ++size) {
    EXPECT_EQ(error(size).message(),
              base::concat("a quote ends before its signature data do", behind));
    EXPECT_EQ(error(size).detail, bytes.size() - size);
  }
}

TEST(Quote, SignatureDataHoldNothingLongerThanTheyAre) {
  for (const std::uint16_t version : std::initializer_list<std::uint16_t>{3, 4}) {
    Shape shape;
    shape.version = version;
    const auto whole = quote(shape);
    constexpr std::size_t at = 432;  // where their size stands
    for (std::size_t size = 0; size < whole.size() - at - 4; ++size) {
      auto bytes = whole;
      bytes.resize(at + 4 + size);
      bytes[at] = static_cast<std::uint8_t>(size);
      bytes[at + 1] = static_cast<std::uint8_t>(size >> 8U);
      const auto parsed = Quote::parse(bytes);
      ASSERT_FALSE(parsed.has_value()) << size;
      EXPECT_TRUE(parsed.error().message().starts_with("what the signature data of a quote hold"))
          << size << parsed.error().what;
    }
  }
}

TEST(Quote, GenuineQuotes) {
  MERLON_NEEDS_VECTORS();
  const auto tdx = Quote::parse(vector_file("automata/quote_tdx_padded_8000.bin"));
  ASSERT_TRUE(tdx.has_value()) << tdx.error().what;
  EXPECT_GT(tdx->padding, 0U);
  const auto v5 = Quote::parse(vector_file("go-tdx-guest/quote_v5_sample.dat"));
  ASSERT_TRUE(v5.has_value()) << v5.error().what;
  EXPECT_EQ(v5->kind, BodyKind::Td15);
  const auto sgx = Quote::parse(vector_file("trustee/occlum_sgx_debug.dat"));
  ASSERT_TRUE(sgx.has_value()) << sgx.error().what;
  EXPECT_TRUE(ReportBody::parse(sgx->body)->is_debug());
  const auto type_1 = Quote::parse(vector_file("intel-qvl/sgx/quote.dat"));
  ASSERT_FALSE(type_1.has_value());
  EXPECT_EQ(type_1.error().code, core::ErrorCode::Unsupported);
}

}  // namespace
}  // namespace merlon::sgx
