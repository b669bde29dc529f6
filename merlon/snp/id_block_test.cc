#include "merlon/snp/id_block.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace merlon::snp {
namespace {

using core::ByteView;
using core::ErrorCode;

/// 1, 2, 3 … from `first` on.
template <typename T>
T counted(std::uint8_t first) {
  std::array<std::uint8_t, T::size> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(first + i);
  return T::from(bytes).value();
}

PublicKey public_key(std::uint8_t first) { return {counted<PublicPoint>(first)}; }
Signature signature(std::uint8_t first) { return {counted<SignatureNumbers>(first)}; }
IdBlock id_block() {
  return {counted<LaunchDigest>(1), counted<FamilyId>(0x51), counted<ImageId>(0x71), 0x0403'0201,
          GuestPolicy{0x30133}};
}
IdAuth id_auth() {
  return {signature(1), public_key(2), AuthorSignature{signature(3), public_key(4)}};
}

bool is_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

/// What `T` says of `value` with one byte changed.
template <typename T>
core::ErrorCode refusal(const T& value, std::size_t at, std::uint8_t byte) {
  auto bytes = value.to_bytes();
  bytes[at] = byte;
  const auto parsed = T::parse(bytes);
  EXPECT_FALSE(parsed.has_value()) << at;
  return parsed ? ErrorCode::Internal : parsed.error().code;
}

template <typename T>
void expect_only_its_size(const T& value) {
  const auto bytes = value.to_bytes();
  EXPECT_EQ(T::parse(bytes).value(), value);
  std::vector<std::uint8_t> other(bytes.begin(), bytes.end());
  other.push_back(0);
  EXPECT_EQ(T::parse(other).error().code, ErrorCode::Malformed);
  EXPECT_EQ(T::parse(ByteView(bytes).first(T::size - 1)).error().code, ErrorCode::Malformed);
}

TEST(IdBlock, StructuresHaveOneSizeAndReadAsTheyWereWritten) {
  expect_only_its_size(public_key(1));
  expect_only_its_size(signature(1));
  expect_only_its_size(AuthorSignature{signature(1), public_key(2)});
  expect_only_its_size(id_block());
  expect_only_its_size(id_auth());
  expect_only_its_size(IdAuth{signature(1), public_key(2), std::nullopt});
}

TEST(IdBlock, NumbersAreWrittenLeastSignificantByteFirst) {
  const auto key = public_key(1).to_bytes();
  EXPECT_EQ(key[0], 2);  // P-384
  EXPECT_TRUE(is_zero(ByteView(key).subspan(1, 3)));
  EXPECT_EQ(key[4], 48);      // the last byte of x
  EXPECT_EQ(key[4 + 47], 1);  // the first
  EXPECT_TRUE(is_zero(ByteView(key).subspan(4 + 48, 24)));
  EXPECT_EQ(key[4 + 72], 96);  // the last byte of y
  EXPECT_TRUE(is_zero(ByteView(key).subspan(4 + 72 + 48)));
  const auto numbers = signature(1).to_bytes();
  EXPECT_EQ(numbers[0], 48);
  EXPECT_EQ(numbers[72], 96);
  EXPECT_EQ(numbers[72 + 47], 49);
  EXPECT_TRUE(is_zero(ByteView(numbers).subspan(72 + 48)));
}

TEST(IdBlock, EachFieldStandsWhereTheSpecificationSaysSo) {
  const auto bytes = id_block().to_bytes();
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[48], 0x51);
  EXPECT_EQ(bytes[64], 0x71);
  EXPECT_EQ(bytes[80], 1);  // version
  EXPECT_EQ(bytes[84], 1);
  EXPECT_EQ(bytes[87], 4);
  EXPECT_EQ(bytes[88], 0x33);
  EXPECT_EQ(bytes[90], 0x03);
}

TEST(IdBlock, EachPartOfTheAuthenticationStandsWhereTheSpecificationSaysSo) {
  const IdAuth auth = id_auth();
  const auto bytes = auth.to_bytes();
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes[4], 1);
  const auto part = [&](std::size_t at, ByteView of) {
    return std::ranges::equal(ByteView(bytes).subspan(at, of.size()), of);
  };
  EXPECT_TRUE(part(64, auth.block_signature.to_bytes()));
  EXPECT_TRUE(part(576, auth.id_key.to_bytes()));
  EXPECT_TRUE(part(1664, auth.author->signature.to_bytes()));
  EXPECT_TRUE(part(2176, auth.author->author.to_bytes()));
  EXPECT_TRUE(part(1664, auth.author->to_bytes()));
}

TEST(IdBlock, ReservedBytesMustBeZero) {
  for (const std::size_t at : {4UL + 48, 4UL + 71, 4UL + 72 + 48, 148UL, 1027UL}) {
    EXPECT_EQ(refusal(public_key(1), at, 1), ErrorCode::Malformed);
  }
  for (const std::size_t at : {48UL, 71UL, 72UL + 48, 144UL, 511UL}) {
    EXPECT_EQ(refusal(signature(1), at, 1), ErrorCode::Malformed);
  }
  for (const std::size_t at : {8UL, 63UL, 1604UL, 1663UL, 3204UL, 4095UL}) {
    EXPECT_EQ(refusal(id_auth(), at, 1), ErrorCode::Malformed);
  }
}

TEST(IdBlock, OtherCurvesAlgorithmsAndVersionsAreRefused) {
  EXPECT_EQ(refusal(public_key(1), 0, 1), ErrorCode::Unsupported);
  EXPECT_EQ(refusal(public_key(1), 3, 1), ErrorCode::Unsupported);
  EXPECT_EQ(refusal(id_auth(), 0, 0), ErrorCode::Unsupported);
  EXPECT_EQ(refusal(id_auth(), 0, 2), ErrorCode::Unsupported);
  EXPECT_EQ(refusal(id_auth(), 4, 2), ErrorCode::Unsupported);
  EXPECT_EQ(refusal(id_block(), 80, 2), ErrorCode::Unsupported);
}

TEST(IdBlock, WithoutAnAuthorNothingOfHimIsThere) {
  const auto bytes = IdAuth{signature(1), public_key(2), std::nullopt}.to_bytes();
  EXPECT_EQ(bytes[4], 0);
  EXPECT_TRUE(is_zero(ByteView(bytes).subspan(1604)));
  EXPECT_EQ(refusal(id_auth(), 4, 0), ErrorCode::Malformed);
}

TEST(IdBlock, ReservedBitsOfThePolicyAreAsTheyMustBe) {
  EXPECT_EQ(refusal(id_block(), 90, 0x01), ErrorCode::Malformed);  // bit 17 is not one
  EXPECT_EQ(refusal(id_block(), 91, 0x04), ErrorCode::Malformed);  // bit 26 is
  EXPECT_EQ(refusal(id_block(), 95, 0x80), ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::snp
