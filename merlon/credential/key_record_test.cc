#include "merlon/credential/key_record.h"

#include <gtest/gtest.h>

#include "merlon/credential/issuing_key.h"

namespace merlon::credential {
namespace {

KeyRecord wanted(std::uint64_t number, const KeyId& before, std::uint64_t epoch) {
  KeyRecord record;
  record.number = number;
  record.before = before;
  record.issuer = "https://steward.example";
  record.policy = crypto::sha256({});
  record.epoch = epoch;
  record.not_before = {static_cast<std::int64_t>(1000 * epoch)};
  record.not_after = {static_cast<std::int64_t>(1000 * (epoch + 1))};
  record.limit = 10;
  return record;
}

TEST(KeyRecord, IsReadAsItIsWritten) {
  const auto key = IssuingKey::generate(wanted(0, {}, 5)).value();
  const auto back = KeyRecord::parse(key.record_bytes()).value();
  EXPECT_EQ(back.encode().value(), key.record_bytes());
  EXPECT_EQ(back.issuer, "https://steward.example");
  EXPECT_TRUE(back.is_valid_at({5000}));
  EXPECT_FALSE(back.is_valid_at({4999}));
  EXPECT_FALSE(back.is_valid_at({6000}));
  for (std::size_t i = 0; i < key.record_bytes().size(); ++i) {
    EXPECT_FALSE(KeyRecord::parse(core::ByteView(key.record_bytes()).first(i))) << i;
  }
}

TEST(KeyRecord, OfNothingIsRefused) {
  auto record = wanted(0, {}, 5);
  record.issuer = "";
  EXPECT_FALSE(IssuingKey::generate(record));
  record.issuer = "a\nb";
  EXPECT_FALSE(IssuingKey::generate(record));
  record = wanted(0, {}, 5);
  record.not_after = record.not_before;
  EXPECT_FALSE(IssuingKey::generate(record));
  record = wanted(0, {}, 5);
  record.limit = 1;
  EXPECT_FALSE(IssuingKey::generate(record));
}

TEST(IssuingKey, IsReadAsItIsWritten) {
  const auto key = IssuingKey::generate(wanted(0, {}, 5)).value();
  const auto other = IssuingKey::generate(wanted(0, {}, 5)).value();
  const auto file = key.to_file();
  const auto back = IssuingKey::parse(file.reveal()).value();
  EXPECT_EQ(back.id(), key.id());
  // Another's private half.
  const auto of_other = other.to_file();
  Bytes mixed(file.reveal().begin(), file.reveal().end());
  std::copy(of_other.reveal().end() - 128, of_other.reveal().end(), mixed.end() - 128);
  EXPECT_FALSE(IssuingKey::parse(mixed));
}

TEST(KeyLog, OnlyGrows) {
  const auto first = IssuingKey::generate(wanted(0, {}, 5)).value();
  const auto second = IssuingKey::generate(wanted(1, first.id(), 6)).value();
  KeyLog log;
  ASSERT_TRUE(log.add(first.record_bytes()));
  ASSERT_TRUE(log.add(second.record_bytes()));
  const auto back = KeyLog::parse(log.encode()).value();
  ASSERT_EQ(back.entries().size(), 2U);
  EXPECT_EQ(back.entries()[1].id, second.id());
  EXPECT_EQ(back.find(crypto::sha256({}), {5500})->id, first.id());
  EXPECT_EQ(back.find(crypto::sha256({}), {6500})->id, second.id());
  EXPECT_EQ(back.find(crypto::sha256({}), {7500}), nullptr);
  EXPECT_EQ(
      back.find(crypto::sha512({}).is_zero() ? crypto::Sha256Digest() : crypto::Sha256Digest(),
                {5500}),
      nullptr);

  const auto refused = [&](KeyRecord record) {
    return !log.add(IssuingKey::generate(std::move(record)).value().record_bytes());
  };
  EXPECT_TRUE(refused(wanted(1, first.id(), 7))) << "a number that was there";
  EXPECT_TRUE(refused(wanted(2, first.id(), 7))) << "behind another";
  EXPECT_TRUE(refused(wanted(2, second.id(), 6))) << "an epoch that was there";
  auto overlapping = wanted(2, second.id(), 7);
  overlapping.not_before = {6500};
  EXPECT_TRUE(refused(overlapping)) << "a second key for one time";
  auto of_another = wanted(2, second.id(), 7);
  of_another.issuer = "https://other.example";
  EXPECT_TRUE(refused(of_another));
  EXPECT_FALSE(refused(wanted(2, second.id(), 7)));
}

}  // namespace
}  // namespace merlon::credential
