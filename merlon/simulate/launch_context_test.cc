#include "merlon/simulate/launch_context.h"

#include "merlon/simulate/testing/fake_host.h"

namespace merlon::simulate {
namespace {

using testing::Bytes;
using testing::FirmwareRequest;
using testing::FirmwareStatus;
using testing::policy;
using enum FirmwareStatus;
using snp::PageType;

constexpr std::uint64_t base = 0x10'0000;

LaunchContext started() {
  LaunchContext context = LaunchContext::create().value();
  EXPECT_EQ(context.start(policy), Success);
  return context;
}

FirmwareStatus update(LaunchContext& context, PageType type, std::uint64_t address, Bytes bytes) {
  return context.update(static_cast<std::uint32_t>(type), address, bytes).status;
}

FirmwareStatus finish(LaunchContext& context,
                      const launch::FinishedLaunch& finished = testing::without_id_block()) {
  return context.finish(finished.bytes());
}

/// What finish() says of a guest of testing::pages().
FirmwareStatus judged(const launch::FinishedLaunch& finished) {
  LaunchContext context = started();
  for (const FirmwareRequest& each : testing::pages()) {
    EXPECT_EQ(context.update(each.kind, each.value, each.payload).status, Success);
  }
  return finish(context, finished);
}

TEST(LaunchContext, KnowsOneOrder) {
  LaunchContext context = LaunchContext::create().value();
  EXPECT_EQ(update(context, PageType::Normal, base, Bytes(4096)), InvalidGuestState);
  EXPECT_EQ(finish(context), InvalidGuestState);
  EXPECT_EQ(context.start(policy), Success);
  EXPECT_EQ(context.start(policy), InvalidGuestState);
  EXPECT_EQ(update(context, PageType::Normal, base, Bytes(4096)), Success);
  EXPECT_FALSE(context.is_finished());
  EXPECT_EQ(finish(context), Success);
  EXPECT_TRUE(context.is_finished());
  EXPECT_EQ(context.start(policy), InvalidGuestState);
  EXPECT_EQ(update(context, PageType::Normal, base + 4096, Bytes(4096)), InvalidGuestState);
  EXPECT_EQ(finish(context), InvalidGuestState);
}

TEST(LaunchContext, PoliciesAreThoseThatThisPlatformCanKeep) {
  const auto start = [](std::uint64_t bits) { return LaunchContext::create().value().start(bits); };
  constexpr std::uint64_t least = 1U << 17U;
  for (const std::uint64_t bits :
       {least, least | 1U << 16U, least | 1U << 19U, least | 1U << 20U, least | 0x13AU}) {
    EXPECT_EQ(start(bits), Success) << bits;
  }
  for (const std::uint64_t bits :
       {std::uint64_t{0}, policy & ~least, least | 1U << 26U, least | std::uint64_t{1} << 63U,
        least | 0x13BU, least | 0x200U, least | 1U << 22U, least | 1U << 23U, least | 1U << 24U}) {
    EXPECT_EQ(start(bits), PolicyFailure) << bits;
  }
}

TEST(LaunchContext, TheDigestIsThatOfThePagesInTheirOrder) {
  LaunchContext context = started();
  for (const FirmwareRequest& each : testing::pages()) {
    EXPECT_EQ(context.update(each.kind, each.value, each.payload).status, Success);
  }
  ASSERT_EQ(finish(context), Success);
  const Guest guest = context.take_guest().value();
  EXPECT_EQ(guest.measurement, testing::digest_of_pages());
  EXPECT_NE(guest.measurement, testing::digest_of_pages(0x91));
  EXPECT_EQ(guest.policy.bits, policy);
  EXPECT_FALSE(guest.report_id.is_zero());
}

TEST(LaunchContext, TheDigestIsTheSameWhateverWasMeasuredAhead) {
  LaunchContext context = started();
  EXPECT_FALSE(context.measure_some());
  for (const FirmwareRequest& each : testing::pages()) {
    EXPECT_EQ(context.update(each.kind, each.value, each.payload).status, Success);
    EXPECT_TRUE(context.measure_some());
  }
  // More than is measured at once.
  EXPECT_EQ(update(context, PageType::Normal, base << 8U, Bytes(40 * 4096UL)), Success);
  for (int pieces = 0; pieces < 3; ++pieces) EXPECT_TRUE(context.measure_some()) << pieces;
  EXPECT_FALSE(context.measure_some());
  ASSERT_EQ(finish(context), Success);
  LaunchContext late = started();
  for (const FirmwareRequest& each : testing::pages()) {
    EXPECT_EQ(late.update(each.kind, each.value, each.payload).status, Success);
  }
  EXPECT_EQ(update(late, PageType::Normal, base << 8U, Bytes(40 * 4096UL)), Success);
  ASSERT_EQ(finish(late), Success);
  EXPECT_EQ(context.take_guest()->measurement, late.take_guest()->measurement);
}

TEST(LaunchContext, PagesAreWholeAndEachAddressHasOne) {
  const auto alone = [](PageType type, std::uint64_t address, const Bytes& bytes) {
    LaunchContext context = started();
    const FirmwareStatus status = update(context, type, address, bytes);
    // And the launch does not come to an end as if nothing had been.
    EXPECT_EQ(finish(context), status);
    return status;
  };
  const Bytes page(4096, 0);
  EXPECT_EQ(alone(PageType::Normal, base, page), Success);
  EXPECT_EQ(alone(PageType::Normal, base, Bytes(4095)), InvalidParameter);
  EXPECT_EQ(alone(PageType::Normal, base, Bytes(4097)), InvalidParameter);
  EXPECT_EQ(alone(PageType::Normal, base, {}), InvalidParameter);
  EXPECT_EQ(alone(PageType::Normal, base + 1, page), InvalidParameter);
  EXPECT_EQ(alone(PageType::Normal, std::uint64_t{1} << 52U, page), InvalidParameter);
  EXPECT_EQ(alone(PageType::Normal, (std::uint64_t{1} << 52U) - 4096, Bytes(8192)),
            InvalidParameter);
  EXPECT_EQ(alone(PageType::Normal, ~std::uint64_t{4095}, page), InvalidParameter);
  EXPECT_EQ(alone(PageType::Zero, base, Bytes(8192, 0)), Success);
  EXPECT_EQ(alone(PageType::Zero, base, Bytes(8192, 1)), InvalidParameter);
  EXPECT_EQ(alone(PageType::Unmeasured, base, page), InvalidParameter);
  EXPECT_EQ(alone(PageType::Vmsa, base, page), InvalidParameter);
  EXPECT_EQ(alone(PageType::Vmsa, image::vmsa_address, Bytes(8192)), InvalidParameter);
  EXPECT_EQ(alone(PageType::Secrets, base, Bytes(8192)), InvalidParameter);
  EXPECT_EQ(alone(PageType::Cpuid, base, Bytes(8192)), InvalidParameter);
  for (const std::uint32_t kind : {0U, 7U, 0x101U, ~0U}) {
    EXPECT_EQ(started().update(kind, base, page).status, InvalidParameter) << kind;
  }
  LaunchContext context = started();
  EXPECT_EQ(update(context, PageType::Normal, base, Bytes(3 * 4096UL)), Success);
  EXPECT_EQ(update(context, PageType::Zero, base + 2 * 4096, page), InvalidParameter);
}

/// A file of this many bytes, each its place modulo 251.
class CountingFile final : public PageFile {
 public:
  explicit CountingFile(std::uint64_t size) : size_(size) {}

  core::Result<void> read(std::uint64_t offset, core::ByteSpan into) override {
    if (offset > size_ || into.size() > size_ - offset) {
      return core::error(core::ErrorCode::NotFound, "a file that is too short");
    }
    for (std::uint8_t& byte : into) byte = static_cast<std::uint8_t>(offset++ % 251);
    return {};
  }

 private:
  std::uint64_t size_;
};

LaunchContext started_with_file(std::uint64_t size) {
  PageFiles files;
  files.push_back(std::make_unique<CountingFile>(size));
  LaunchContext context = LaunchContext::create(std::move(files)).value();
  EXPECT_EQ(context.start(policy), Success);
  return context;
}

TEST(LaunchContext, PagesOfAFileAreMeasuredAsIfTheyHadBeenSent) {
  constexpr std::uint64_t size = 40 * 4096 + 17;  // of more than one piece, and no whole page
  Bytes sent(size);
  ASSERT_TRUE(CountingFile(size + 5).read(5, sent));
  sent.resize(41 * 4096UL, 0);
  LaunchContext plain = started();
  LaunchContext context = started_with_file(size + 5);
  EXPECT_EQ(update(plain, PageType::Normal, base, sent), Success);
  EXPECT_EQ(update(plain, PageType::Zero, base + sent.size(), Bytes(8192, 0)), Success);
  EXPECT_EQ(context.update_from(1, base, {5, size, 0}), Success);
  EXPECT_EQ(context.update_from(3, base + sent.size(), {0, 8000, launch::PageSource::zeros}),
            Success);
  ASSERT_EQ(finish(plain), Success);
  ASSERT_EQ(finish(context), Success);
  EXPECT_EQ(context.take_guest()->measurement, plain.take_guest()->measurement);
}

TEST(LaunchContext, AFileThatLacksItsPagesIsNobodysGuest) {
  LaunchContext context = started_with_file(4096);
  EXPECT_EQ(context.update_from(1, base, {0, 4097, 0}), Success);
  ASSERT_EQ(finish(context), Success);
  EXPECT_FALSE(context.take_guest());
  LaunchContext ahead = started_with_file(4096);
  EXPECT_EQ(ahead.update_from(1, base, {0, 4097, 0}), Success);
  EXPECT_FALSE(ahead.measure_some());
  EXPECT_FALSE(ahead.measure_some());
  ASSERT_EQ(finish(ahead), Success);
  EXPECT_FALSE(ahead.take_guest());
  LaunchContext judged = started_with_file(4096);
  EXPECT_EQ(judged.update_from(1, base, {0, 4097, 0}), Success);
  const testing::Owner owner;
  const snp::IdBlock block = testing::id_block();
  EXPECT_EQ(finish(judged, testing::with_id_block(block, owner.authenticate(block, false))),
            InvalidParameter);
}

TEST(LaunchContext, SourcesThatAreNoneEndTheLaunch) {
  using launch::PageSource;
  const std::uint64_t most = LaunchContext::max_source_size;
  const auto alone = [](std::uint32_t kind, std::uint64_t address, const PageSource& source) {
    LaunchContext context = started_with_file(4096);
    const FirmwareStatus status = context.update_from(kind, address, source);
    EXPECT_EQ(finish(context), status);
    return status;
  };
  EXPECT_EQ(alone(1, base, {0, most, 0}), Success);
  EXPECT_EQ(alone(1, base, {0, most + 1, 0}), InvalidParameter);
  EXPECT_EQ(alone(1, base, {0, 0, 0}), InvalidParameter);
  EXPECT_EQ(alone(1, base, {0, 4096, 1}), InvalidParameter);
  EXPECT_EQ(alone(1, base, {0, 4096, PageSource::zeros}), InvalidParameter);
  EXPECT_EQ(alone(1, base, {~std::uint64_t{0}, 4096, 0}), InvalidParameter);
  EXPECT_EQ(alone(1, base + 1, {0, 4096, 0}), InvalidParameter);
  EXPECT_EQ(alone(1, ~std::uint64_t{4095}, {0, 8192, 0}), InvalidParameter);
  EXPECT_EQ(alone(3, base, {0, 4096, 0}), InvalidParameter);
  for (const std::uint32_t kind : {0U, 2U, 4U, 5U, 6U, 0x101U}) {
    EXPECT_EQ(alone(kind, base, {0, 4096, 0}), InvalidParameter) << kind;
    EXPECT_EQ(alone(kind, base, {0, 4096, PageSource::zeros}), InvalidParameter) << kind;
  }
  LaunchContext late = started_with_file(4096);
  ASSERT_EQ(finish(late), Success);
  EXPECT_EQ(late.update_from(1, base, {0, 4096, 0}), InvalidGuestState);
}

TEST(LaunchContext, SecretsAreFourKeysAtTheirPlacesAndNothingElse) {
  LaunchContext context = started();
  const auto answer =
      context.update(static_cast<std::uint32_t>(PageType::Secrets), base, Bytes(4096, 0xEE));
  ASSERT_EQ(answer.status, Success);
  const Bytes& page = answer.payload;
  ASSERT_EQ(page.size(), 4096U);
  EXPECT_EQ(Bytes(page.begin(), page.begin() + 0x20), [] {
    Bytes head(0x20, 0);
    head[0] = 3;
    return head;
  }());
  EXPECT_EQ(Bytes(page.begin() + 0xA0, page.end()), Bytes(4096 - 0xA0, 0));
  std::set<Bytes> keys;
  for (std::ptrdiff_t at = 0x20; at < 0xA0; at += 32) {
    keys.emplace(page.begin() + at, page.begin() + at + 32);
  }
  EXPECT_EQ(keys.size(), 4U);
  EXPECT_FALSE(keys.contains(Bytes(32, 0)));
  EXPECT_EQ(update(context, PageType::Secrets, base + 4096, Bytes(4096)), InvalidParameter);
  LaunchContext other = started();
  EXPECT_NE(other.update(static_cast<std::uint32_t>(PageType::Secrets), base, Bytes(4096)).payload,
            page);
}

TEST(LaunchContext, WhatFinishIsGivenIsRead) {
  const Bytes good = testing::without_id_block(5).bytes();
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(started().finish(core::ByteView(good).first(size)), InvalidParameter);
  }
  LaunchContext context = started();
  ASSERT_EQ(context.finish(good), Success);
  EXPECT_EQ(context.take_guest().value().host_data, snp::HostData::from(Bytes(32, 5)).value());
}

TEST(IdBlock, IsOfThisGuestAndSignedByItsOwner) {
  const testing::Owner owner;
  const snp::IdBlock block = testing::id_block();
  for (const bool with_author : {false, true}) {
    const snp::IdAuth auth = owner.authenticate(block, with_author);
    const auto identity =
        judge_id_block(testing::with_id_block(block, auth), testing::digest_of_pages(), {policy});
    ASSERT_TRUE(identity.has_value());
    EXPECT_EQ(identity->family_id, block.family_id);
    EXPECT_EQ(identity->image_id, block.image_id);
    EXPECT_EQ(identity->guest_svn, 7U);
    EXPECT_EQ(identity->id_key_digest.view().size(), 48U);
    EXPECT_TRUE(std::ranges::equal(identity->id_key_digest.view(),
                                   crypto::sha384({auth.id_key.to_bytes()}).view()));
    EXPECT_EQ(identity->author_key_digest.has_value(), with_author);
    EXPECT_EQ(judged(testing::with_id_block(block, auth)), Success);
  }
}

TEST(IdBlock, AnotherGuestsIsRefused) {
  const testing::Owner owner;
  const auto refused = [&](const std::function<void(snp::IdBlock&)>& change) {
    snp::IdBlock block = testing::id_block();
    change(block);
    return judged(testing::with_id_block(block, owner.authenticate(block, true)));
  };
  EXPECT_EQ(refused([](snp::IdBlock& b) { b.digest = testing::digest_of_pages(0x91); }),
            BadMeasurement);
  EXPECT_EQ(refused([](snp::IdBlock& b) { b.policy.bits |= 1U << 19U; }), PolicyFailure);
  EXPECT_EQ(refused([](snp::IdBlock& b) { b.policy.bits &= ~(1ULL << 17U); }), InvalidParameter);
}

TEST(IdBlock, WhoeverDidNotSignIsRefused) {
  const testing::Owner owner;
  const testing::Owner other;
  const snp::IdBlock block = testing::id_block();
  snp::IdAuth auth = owner.authenticate(block, true);
  auth.block_signature = other.authenticate(block, true).block_signature;
  EXPECT_EQ(judged(testing::with_id_block(block, auth)), BadSignature);
  auth = owner.authenticate(block, true);
  auth.author->signature = testing::Owner::sign(other.author_key, auth.id_key.to_bytes());
  EXPECT_EQ(judged(testing::with_id_block(block, auth)), BadSignature);
  auth = owner.authenticate(block, true);
  auth.author = other.authenticate(block, true).author;
  EXPECT_EQ(judged(testing::with_id_block(block, auth)), BadSignature);
  snp::IdBlock later = block;
  later.guest_svn = 8;
  EXPECT_EQ(judged(testing::with_id_block(later, owner.authenticate(block, false))), BadSignature);
  // No point of the curve.
  auth = owner.authenticate(block, false);
  auth.id_key.point = snp::PublicPoint::from(Bytes(96, 1)).value();
  EXPECT_EQ(judged(testing::with_id_block(block, auth)), BadSignature);
}

TEST(IdBlock, AnAuthorIsAnnouncedOrNotThere) {
  const testing::Owner owner;
  const snp::IdBlock block = testing::id_block();
  for (const bool with_author : {false, true}) {
    auto finished = testing::with_id_block(block, owner.authenticate(block, with_author));
    finished.has_author_key = !with_author;
    EXPECT_EQ(judged(finished), InvalidParameter);
  }
}

TEST(IdBlock, AfterARefusalTheRightOneIsTaken) {
  const testing::Owner owner;
  const snp::IdBlock block = testing::id_block();
  snp::IdBlock wrong = block;
  wrong.digest = {};
  LaunchContext context = started();
  for (const FirmwareRequest& each : testing::pages()) {
    EXPECT_EQ(context.update(each.kind, each.value, each.payload).status, Success);
  }
  EXPECT_EQ(finish(context, testing::with_id_block(wrong, owner.authenticate(wrong, false))),
            BadMeasurement);
  EXPECT_FALSE(context.is_finished());
  EXPECT_EQ(finish(context, testing::with_id_block(block, owner.authenticate(block, false))),
            Success);
}

}  // namespace
}  // namespace merlon::simulate
