#include "merlon/sealed_package/sealed_package.h"

#include <numeric>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"

namespace merlon::sealed_package {
namespace {

using core::ErrorCode;

std::vector<std::uint8_t> counting(std::size_t size, std::uint8_t from = 0) {
  std::vector<std::uint8_t> bytes(size);
  std::iota(bytes.begin(), bytes.end(), from);
  return bytes;
}
ContentKey key_of(std::uint8_t from) { return *ContentKey::from(counting(32, from)); }
Salt salt_of(std::uint8_t from) {
  Salt salt{};
  std::iota(salt.begin(), salt.end(), from);
  return salt;
}
ErrorCode refused(core::ByteView sealed, const ContentKey& key) {
  const auto opened = open(sealed, key);
  return opened ? ErrorCode::Internal : opened.error().code;
}

TEST(SealedPackage, OpensToWhatWasSealed) {
  for (const std::size_t size :
       {0UL, 1UL, 4087UL, 4088UL, 4089UL, 65'527UL, 65'528UL, 65'529UL, 200'000UL, 1'000'000UL}) {
    const auto package = counting(size);
    const ContentKey key = ContentKey::make();
    const auto sealed = seal(package, key, salt_of(package, key));
    ASSERT_TRUE(sealed);
    EXPECT_TRUE(is_sealed(*sealed));
    const auto opened = open(*sealed, key);
    ASSERT_TRUE(opened) << size;
    EXPECT_EQ(*opened, package) << size;
  }
}

TEST(SealedPackage, EachPackageHasASaltOfItsOwnUnderEachKey) {
  EXPECT_EQ(salt_of(counting(9), key_of(0)), salt_of(counting(9), key_of(0)));
  EXPECT_NE(salt_of(counting(9), key_of(0)), salt_of(counting(10), key_of(0)));
  EXPECT_NE(salt_of(counting(9), key_of(0)), salt_of(counting(9), key_of(1)));
}

TEST(SealedPackage, SizesFallIntoFewClasses) {
  EXPECT_EQ(padded_size(0), padded_size(4000));
  for (std::uint64_t size = 1; size < std::uint64_t{1} << 28U; size = size * 5 / 4 + 1) {
    EXPECT_GE(padded_size(size), size + 8);
    EXPECT_LE(padded_size(size), std::max<std::uint64_t>(4096, (size + 8) + (size + 8) / 8));
    EXPECT_EQ(padded_size(padded_size(size) - 8), padded_size(size));
  }
  std::uint64_t classes = 0;
  std::uint64_t last = 0;
  for (std::uint64_t size = 0; size < 1'000'000; ++size) {
    if (padded_size(size) != last) ++classes;
    last = padded_size(size);
  }
  EXPECT_LT(classes, 260U);
}

TEST(SealedPackage, AnotherKeyIsNamedAsSuch) {
  const auto sealed = seal(counting(100), key_of(0), salt_of(9));
  const auto opened = open(*sealed, key_of(1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::Denied);
  EXPECT_EQ(opened.error().message(), "the package is sealed by another key");
}

TEST(SealedPackage, AnyOtherByteIsNoticed) {
  const auto sealed = *seal(counting(70'000), key_of(0), salt_of(9));
  for (std::size_t i = 0; i < sealed.size(); i += i < 200 || i > 65'600 ? 7 : 997) {
    auto altered = sealed;
    altered[i] ^= 0x10;
    EXPECT_NE(refused(altered, key_of(0)), ErrorCode::Internal) << i;
  }
}

TEST(SealedPackage, SegmentsCannotBeLeftOutAddedOrSwapped) {
  constexpr std::size_t whole = segment_size + 16;
  const auto sealed = *seal(counting(3 * segment_size), key_of(0), salt_of(9));
  const auto begin = sealed.begin() + header_size;
  const auto cut = [&](std::size_t size) {
    return std::vector<std::uint8_t>(sealed.begin(),
                                     sealed.begin() + static_cast<std::ptrdiff_t>(size));
  };
  for (const std::size_t size : {0UL, 7UL, 79UL, 80UL, 81UL, 96UL, 97UL, header_size + whole,
                                 header_size + 2 * whole, sealed.size() - 1}) {
    EXPECT_NE(refused(cut(size), key_of(0)), ErrorCode::Internal) << size;
  }
  auto swapped = sealed;
  std::swap_ranges(swapped.begin() + header_size, swapped.begin() + header_size + whole,
                   swapped.begin() + header_size + whole);
  EXPECT_EQ(refused(swapped, key_of(0)), ErrorCode::Denied);
  auto twice = cut(header_size + whole);
  twice.insert(twice.end(), begin, sealed.end());
  EXPECT_EQ(refused(twice, key_of(0)), ErrorCode::Denied);
  auto longer = sealed;
  longer.resize(longer.size() + 100);
  EXPECT_EQ(refused(longer, key_of(0)), ErrorCode::Denied);
  // Of another package with the same key.
  const auto other = *seal(counting(3 * segment_size, 1), key_of(0), salt_of(8));
  auto mixed = sealed;
  std::copy_n(other.begin() + header_size, whole, mixed.begin() + header_size);
  EXPECT_EQ(refused(mixed, key_of(0)), ErrorCode::Denied);
}

TEST(SealedPackage, OfAnotherVersionIsRefused) {
  auto sealed = *seal(counting(10), key_of(0), salt_of(9));
  sealed[8] = 2;
  EXPECT_EQ(refused(sealed, key_of(0)), ErrorCode::Unsupported);
  EXPECT_FALSE(ContentKey::from(counting(31)));
}

// Made by tests/drawbridge/sealed_package.py from docs/sealed-package.md alone.
TEST(Vectors, HaveTheDigestsOfTheDocument) {
  struct Vector {
    std::size_t size;
    const char* digest;
  };
  for (const Vector& each : {
           Vector{0, "ae9f96508c1f2c3ddd19f0ee1c7efe11d2ae02185b1dfa6bce82fc65e4ed584a"},
           Vector{100'000, "80e8f7471a94ed645ef4f783a3b087de4cdd7977370d43bb49edbef094344710"},
       }) {
    const auto sealed = seal(counting(each.size), key_of(0), salt_of(0x20));
    EXPECT_EQ(base::hex(crypto::sha256({*sealed}).view()), each.digest) << each.size;
  }
}

}  // namespace
}  // namespace merlon::sealed_package
