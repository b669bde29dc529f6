#include "merlon/measure/image_digest.h"

#include <vector>

#include <gtest/gtest.h>

namespace merlon::measure {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// As the header says it, with one hash of one long text.
class Records {
 public:
  Records& page(std::uint64_t address, const Bytes& bytes) {
    number(address);
    number(4096);
    text_.insert(text_.end(), bytes.begin(), bytes.end());
    text_.resize(text_.size() + 4096 - bytes.size());
    return *this;
  }
  [[nodiscard]] KeepDigest digest() const {
    return KeepDigest::from(crypto::sha384({text_}).view()).value();
  }

 private:
  void number(std::uint64_t value) {
    for (unsigned i = 0; i < 8; ++i) text_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  Bytes text_;
};

struct Put {
  std::uint64_t address;
  Bytes bytes;
};

KeepDigest digest_of(const std::vector<Put>& puts) {
  ImageDigest sink;
  for (const Put& put : puts)
    EXPECT_TRUE(sink.put(image::PageKind::Normal, put.address, put.bytes).has_value());
  return std::move(sink).finish();
}

Bytes counting(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return bytes;
}

TEST(ImageDigest, IsOverOneRecordForEachPage) {
  const Bytes two = counting(8192);
  const Bytes first(two.begin(), two.begin() + 4096);
  const Bytes second(two.begin() + 4096, two.end());
  const KeepDigest wanted = Records()
                                .page(0x0102'0304'0506'7000, first)
                                .page(0x0102'0304'0506'8000, second)
                                .page(0x1000, {0xaa, 0xbb})
                                .digest();
  EXPECT_EQ(digest_of({{0x0102'0304'0506'7000, two}, {0x1000, {0xaa, 0xbb}}}), wanted);
}

TEST(ImageDigest, OfNothingIsTheHashOfNothing) {
  EXPECT_EQ(digest_of({}), Records().digest());
  EXPECT_EQ(digest_of({{0x1000, {}}}), Records().digest());
}

TEST(ImageDigest, TwoPagesAtOnceAreTwoPuts) {
  const Bytes all = counting(2 * 4096 + 10);
  const auto part = [&](std::size_t from, std::size_t to) {
    return Bytes(all.begin() + static_cast<std::ptrdiff_t>(from),
                 all.begin() + static_cast<std::ptrdiff_t>(to));
  };
  const KeepDigest at_once = digest_of({{0x4000, all}});
  EXPECT_EQ(digest_of({{0x4000, part(0, 4096)}, {0x5000, part(4096, all.size())}}), at_once);
  EXPECT_EQ(digest_of({{0x4000, part(0, 8192)}, {0x6000, part(8192, all.size())}}), at_once);
}

TEST(ImageDigest, ZerosThatWerePutAndZerosBehindAreTheSame) {
  EXPECT_EQ(digest_of({{0x1000, {1, 0, 0}}}), digest_of({{0x1000, {1}}}));
}

TEST(ImageDigest, PagesPlacesAndTheirOrderMatter) {
  const KeepDigest digest = digest_of({{0x1000, {1}}, {0x2000, {2}}});
  EXPECT_NE(digest_of({{0x2000, {2}}, {0x1000, {1}}}), digest);
  EXPECT_NE(digest_of({{0x1000, {2}}, {0x2000, {1}}}), digest);
  EXPECT_NE(digest_of({{0x1000, {1}}, {0x3000, {2}}}), digest);
  EXPECT_NE(digest_of({{0x1000, {1}}}), digest);
  EXPECT_NE(digest_of({{0x1000, {1}}, {0x2000, {2}}, {0x3000, {0}}}), digest);
}

TEST(ImageDigest, CountsItsPages) {
  ImageDigest sink;
  ASSERT_TRUE(sink.put(image::PageKind::Normal, 0x1000, counting(4097)).has_value());
  ASSERT_TRUE(sink.put(image::PageKind::Normal, 0x9000, counting(1)).has_value());
  EXPECT_EQ(sink.pages(), 3U);
}

TEST(ImageDigest, RefusesWhatDoesNotStartAtAPage) {
  ImageDigest sink;
  const auto put = sink.put(image::PageKind::Normal, 0x1008, counting(8));
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().code, core::ErrorCode::Malformed);
  EXPECT_EQ(std::move(sink).finish(), digest_of({}));
}

TEST(ImageDigest, RefusesKindsOfPagesThatItWouldNotTellApart) {
  using image::PageKind;
  for (const auto kind : {PageKind::Zero, PageKind::Secrets, PageKind::Cpuid, PageKind::Vmsa}) {
    ImageDigest sink;
    const auto put = sink.put(kind, 0x1000, counting(8));
    ASSERT_FALSE(put.has_value());
    EXPECT_EQ(put.error().code, core::ErrorCode::Unsupported);
    EXPECT_EQ(sink.pages(), 0U);
  }
}

}  // namespace
}  // namespace merlon::measure
