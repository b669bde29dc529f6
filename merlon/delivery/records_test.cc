#include "merlon/delivery/records.h"

#include <random>

#include <gtest/gtest.h>

namespace merlon::delivery {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

crypto::HpkeExporter exporter(std::uint8_t seed = 1) {
  return crypto::HpkeExporter(crypto::SecretBytes(Bytes(32, seed)));
}
RecordSealer sealer(Direction direction = Direction::FromKeep) {
  return RecordSealer(record_key(exporter(), direction));
}
RecordOpener opener(Direction direction = Direction::FromKeep) {
  return {record_key(exporter(), direction), direction};
}
Bytes bytes(std::string_view text) { return {text.begin(), text.end()}; }

TEST(Records, ComeAsTheyWereSaidWhereverTheStreamIsCut) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    RecordSealer from = sealer();
    RecordOpener to = opener();
    std::vector<Bytes> said;
    Bytes stream;
    for (unsigned i = 0; i < 1 + random() % 8; ++i) {
      said.emplace_back(random() % 700, static_cast<std::uint8_t>(i));
      const Bytes record = from.seal(RecordKind::Output, said.back());
      stream.insert(stream.end(), record.begin(), record.end());
    }
    std::size_t heard = 0;
    for (std::size_t at = 0; at < stream.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 300, stream.size() - at);
      to.feed(core::ByteView(stream).subspan(at, size));
      at += size;
      for (;;) {
        const auto record = to.next();
        ASSERT_TRUE(record);
        if (!*record) break;
        EXPECT_EQ((*record)->kind, RecordKind::Output);
        EXPECT_EQ((*record)->content, said[heard++]);
      }
    }
    EXPECT_EQ(heard, said.size());
    EXPECT_TRUE(to.is_between_records());
  }
}

TEST(Records, HoldAsMuchAsTheyMay) {
  RecordSealer from = sealer();
  RecordOpener to = opener();
  const Bytes most(max_record_content, 'a');
  to.feed(from.seal(RecordKind::Errors, most));
  EXPECT_EQ(to.next().value()->content, most);
}

TEST(Records, AreRefusedIfChangedRepeatedLeftOutOrOutOfOrder) {
  RecordSealer from = sealer();
  const Bytes first = from.seal(RecordKind::Output, bytes("one"));
  const Bytes second = from.seal(RecordKind::Output, bytes("two"));
  for (std::size_t i = 0; i < first.size(); ++i) {
    Bytes changed = first;
    changed[i] ^= 1;
    changed.insert(changed.end(), max_record_size, 0);  // whatever its size says, it is there
    RecordOpener to = opener();
    to.feed(changed);
    EXPECT_FALSE(to.next()) << i;
  }
  RecordOpener repeated = opener();
  repeated.feed(first);
  repeated.feed(first);
  EXPECT_TRUE(repeated.next());
  EXPECT_EQ(repeated.next().error().code, ErrorCode::Denied);
  RecordOpener left_out = opener();
  left_out.feed(second);
  EXPECT_EQ(left_out.next().error().code, ErrorCode::Denied);
  // Nothing is believed after that.
  left_out.feed(first);
  EXPECT_EQ(left_out.next().error().code, ErrorCode::Denied);
}

TEST(Records, OfOneDirectionAreNoneOfTheOther) {
  RecordSealer from_keep = sealer(Direction::FromKeep);
  RecordOpener in_keep = opener(Direction::ToKeep);
  in_keep.feed(from_keep.seal(RecordKind::Output, bytes("back to you")));
  EXPECT_EQ(in_keep.next().error().code, ErrorCode::Denied);
  // Not even one that this side could make.
  RecordSealer to_keep = sealer(Direction::ToKeep);
  RecordOpener again = opener(Direction::ToKeep);
  again.feed(to_keep.seal(RecordKind::Ended, bytes("0000")));
  EXPECT_EQ(again.next().error().code, ErrorCode::Malformed);
}

TEST(Records, OfAnotherDeliveryAreRefused) {
  RecordSealer other(record_key(exporter(2), Direction::FromKeep));
  RecordOpener to = opener();
  to.feed(other.seal(RecordKind::Ended, bytes("0000")));
  EXPECT_EQ(to.next().error().code, ErrorCode::Denied);
}

TEST(Records, WithImpossibleSizesAreRefusedAtOnce) {
  for (const std::uint32_t size : {0U, 16U, static_cast<unsigned>(max_record_size) + 1, ~0U}) {
    Bytes stream(4);
    for (unsigned i = 0; i < 4; ++i) stream[i] = static_cast<std::uint8_t>(size >> (8 * i));
    RecordOpener to = opener();
    to.feed(stream);
    EXPECT_EQ(to.next().error().code, ErrorCode::Malformed) << size;
  }
}

TEST(Records, TellWhetherTheStreamWasCut) {
  RecordSealer from = sealer();
  const Bytes record = from.seal(RecordKind::Output, bytes("one"));
  RecordOpener to = opener();
  to.feed(core::ByteView(record).first(record.size() - 1));
  EXPECT_FALSE(*to.next());
  EXPECT_FALSE(to.is_between_records());
}

}  // namespace
}  // namespace merlon::delivery
