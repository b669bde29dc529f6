#include "merlon/sealed/volume.h"

#include <gtest/gtest.h>

#include "merlon/sealed/testing/fakes.h"

namespace merlon::sealed {
namespace {

using core::ErrorCode;
using testing::Bytes;
using testing::contents_of;
using testing::Disk;
using testing::FakePlatform;
using testing::Files;
using testing::files_of;
using testing::Machine;
using testing::MemoryStore;
using testing::wanted;
using testing::workload;

/// Bytes that repeat nothing within a piece.
Bytes noise(std::size_t size, std::uint32_t seed = 1) {
  Bytes bytes(size);
  for (std::uint8_t& byte : bytes) {
    seed = seed * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(seed >> 24U);
  }
  return bytes;
}

Files some_files() {
  return {{"empty", {}},
          {"small", Bytes{1, 2, 3}},
          {"dir/of segments", noise(3 * segment_size + 5)},
          {"dir/of pieces", noise(2 * piece_size + 1, 7)},
          {"zeros", Bytes(piece_size + 9, 0)}};
}

class VolumeTest : public ::testing::Test {
 protected:
  core::Result<Opened> open(const Wanted& with = wanted(), const Machine& machine = {},
                            const Workload& who = workload()) {
    platform_ = FakePlatform(machine);
    return Volume::open({store_, platform_, &counter_, max_bytes_}, with, who);
  }
  /// The sentence of the refusal.
  std::string refused(const core::Result<Opened>& opened,
                      ErrorCode code = ErrorCode::Denied) const {
    if (opened) return "was opened";
    EXPECT_EQ(opened.error().code, code) << opened.error().what;
    return std::string(opened.error().message());
  }
  void write(const Files& files, const Wanted& with = wanted(), const Machine& machine = {}) {
    auto opened = open(with, machine);
    ASSERT_TRUE(opened.has_value()) << opened.error().what;
    ASSERT_TRUE(opened->volume.commit(contents_of(files)).has_value());
  }

  struct Told final : Counter {
    void opened(std::string_view /*volume*/, const Mark& mark) override { last_opened = mark; }
    void written(std::string_view volume, const Mark& mark) override {
      name = volume;
      last_written = mark;
    }
    std::string name;
    Mark last_opened;
    Mark last_written;
  };

  Disk disk_;
  MemoryStore store_{disk_};
  FakePlatform platform_;
  Told counter_;
  std::uint64_t max_bytes_ = max_volume_size;
};

TEST_F(VolumeTest, WhatWasWrittenIsThereAgain) {
  auto fresh = open();
  ASSERT_TRUE(fresh.has_value()) << fresh.error().what;
  EXPECT_TRUE(fresh->is_new);
  EXPECT_EQ(fresh->entries.size(), 1U);
  ASSERT_TRUE(fresh->volume.commit(contents_of(some_files())).has_value());
  EXPECT_EQ(fresh->volume.mark().generation, 2U);
  EXPECT_EQ(counter_.name, "data");
  EXPECT_EQ(counter_.last_written, fresh->volume.mark());

  const auto again = open();
  ASSERT_TRUE(again.has_value()) << again.error().what;
  EXPECT_FALSE(again->is_new);
  EXPECT_FALSE(again->was_recovered);
  EXPECT_EQ(again->sealing, Sealing::Kept);
  EXPECT_EQ(files_of(*again), some_files());
  EXPECT_EQ(again->volume.mark(), counter_.last_written);
  EXPECT_EQ(counter_.last_opened, counter_.last_written);
  EXPECT_EQ(again->entries[1].times, (Times{}));
  const auto& last = again->entries.back();
  EXPECT_EQ(last.times, (Times{1, 2, 3}));
}

TEST_F(VolumeTest, NothingOfItIsSeenInTheStore) {
  write(
      {{"a name that nobody sees", core::ByteView(core::as_bytes("words that nobody reads")).size()
                                       ? Bytes{'w', 'o', 'r', 'd', 's', '-', 'w', 'o', 'r', 'd'}
                                       : Bytes{}}});
  const auto holds = [](const Bytes& bytes, std::string_view text) {
    return core::as_text(bytes).find(text) != std::string_view::npos;
  };
  EXPECT_FALSE(holds(*disk_.index, "nobody sees"));
  for (const auto& [id, bytes] : disk_.objects) EXPECT_FALSE(holds(bytes, "words"));
}

TEST_F(VolumeTest, OnlyWhatHasChangedIsWrittenAgain) {
  Files files = some_files();
  auto opened = open();
  ASSERT_TRUE(opened->volume.commit(contents_of(files)).has_value());
  const auto before = disk_.objects;
  files["dir/of pieces"][piece_size + 3] ^= 1;  // in the second of three
  files["another name"] = files["small"];       // bytes that are there already
  ASSERT_TRUE(opened->volume.commit(contents_of(files, 1)).has_value());
  std::size_t fresh = 0;
  for (const auto& [id, bytes] : disk_.objects) fresh += before.contains(id) ? 0U : 1U;
  EXPECT_EQ(fresh, 1U);
  EXPECT_EQ(disk_.objects.size(), before.size());
  EXPECT_EQ(files_of(*open()), files);
}

TEST_F(VolumeTest, AFileThatHasNotChangedIsNotReadAgain) {
  auto opened = open();
  Contents contents = contents_of({{"a", noise(100)}});
  ASSERT_TRUE(opened->volume.commit(contents).has_value());
  contents.sources[1].read = [](std::uint64_t, core::ByteSpan) { FAIL() << "it was read"; };
  ASSERT_TRUE(opened->volume.commit(contents).has_value());
  EXPECT_EQ(files_of(*open()), (Files{{"a", noise(100)}}));
}

TEST_F(VolumeTest, WhatNobodyNeedsIsRemoved) {
  auto opened = open();
  ASSERT_TRUE(opened->volume.commit(contents_of(some_files())).has_value());
  ASSERT_TRUE(opened->volume.commit(contents_of({{"one", {1}}}, 1)).has_value());
  EXPECT_EQ(disk_.objects.size(), 1U);
  ASSERT_TRUE(opened->volume.commit(contents_of({})).has_value());
  EXPECT_TRUE(disk_.objects.empty());
}

TEST_F(VolumeTest, OtherKeepsAndTenantsDoNotOpenIt) {
  write(some_files());
  const std::string elsewhere =
      "the volume was sealed on another machine, by another keep or for another tenant";
  EXPECT_EQ(refused(open(wanted(), {.chip = "other"})), elsewhere);
  EXPECT_EQ(refused(open(wanted(), {.keep = "a debug keep"})), elsewhere);
  EXPECT_EQ(refused(open(wanted(), {}, workload("thief"))),
            "the volume is another tenant's, or has another name");
  EXPECT_EQ(refused(open(wanted("other"))), "the volume is another tenant's, or has another name");
  EXPECT_TRUE(open(wanted(), {}, workload("tenant", "a new version")).has_value());
}

TEST_F(VolumeTest, OneThatIsBoundToAWorkloadIsForNoOther) {
  Wanted with = wanted();
  with.binding = Binding::Workload;
  write(some_files(), with);
  EXPECT_TRUE(open(with).has_value());
  EXPECT_EQ(refused(open(with, {}, workload("tenant", "a new version"))),
            "the volume is another workload's, or its header was altered");
  EXPECT_EQ(refused(open()), "the volume is sealed for one workload alone");
}

TEST_F(VolumeTest, ABindingIsNotLoosened) {
  write(some_files());
  Wanted with = wanted();
  with.binding = Binding::Workload;
  EXPECT_EQ(refused(open(with)),
            "the volume is sealed for any workload of the tenant, not for this one alone");
}

TEST_F(VolumeTest, ARiseOfTheVersionsSealsAllOfItAnew) {
  write(some_files());
  const auto before = disk_;
  Machine risen;
  risen.newest.svn += 1;
  const auto opened = open(wanted(), risen);
  ASSERT_TRUE(opened.has_value()) << opened.error().what;
  EXPECT_EQ(opened->sealing, Sealing::Anew);
  EXPECT_EQ(files_of(*opened), some_files());
  EXPECT_EQ(opened->volume.header().versions, risen.newest);
  EXPECT_EQ(opened->volume.mark().generation, 3U);
  for (const auto& [id, bytes] : disk_.objects) EXPECT_FALSE(before.objects.contains(id));

  // What a newer one wrote, a downgraded one cannot open.
  EXPECT_EQ(refused(open()),
            "the volume was sealed by newer versions than this machine or keep has");
  // And what was sealed under the old versions is refused by who says so.
  Wanted strict = wanted();
  strict.oldest = risen.newest;
  EXPECT_EQ(files_of(*open(strict, risen)), some_files());
  disk_ = before;
  EXPECT_EQ(refused(open(strict, risen)),
            "the volume is sealed under versions that the tenant does not accept any more");
}

TEST_F(VolumeTest, NothingIsSealedUnderVersionsThatTheTenantDoesNotAccept) {
  Wanted strict = wanted();
  strict.oldest.svn = 9;
  EXPECT_EQ(refused(open(strict)),
            "this machine or keep has older versions than the tenant accepts");
  EXPECT_EQ(disk_, Disk());
}

TEST_F(VolumeTest, AHigherEpochHasOtherKeysAndALowerOneIsRefused) {
  write(some_files());
  const auto before = disk_;
  Wanted later = wanted();
  later.epoch = 4;
  const auto opened = open(later);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->sealing, Sealing::Anew);
  EXPECT_EQ(opened->volume.header().epoch, 4U);
  for (const auto& [id, bytes] : disk_.objects) EXPECT_FALSE(before.objects.contains(id));
  EXPECT_EQ(refused(open()), "the volume is sealed under a later epoch than the tenant asks for");
}

Wanted recoverable(std::uint8_t key = 0x77) {
  Wanted with = wanted();
  with.recovery_key = testing::recovery_key(key);
  return with;
}

TEST_F(VolumeTest, TheRecoveryKeyOpensItElsewhere) {
  write(some_files(), recoverable());
  const Machine other{.chip = "other", .keep = "a newer keep"};
  EXPECT_FALSE(open(wanted(), other).has_value());
  EXPECT_EQ(refused(open(recoverable(0x78), other)),
            "neither the platform's key nor the recovery key opens the volume");
  const auto opened = open(recoverable(), other);
  ASSERT_TRUE(opened.has_value()) << opened.error().what;
  EXPECT_TRUE(opened->was_recovered);
  EXPECT_EQ(opened->sealing, Sealing::Anew);
  EXPECT_EQ(files_of(*opened), some_files());
  // From here on the new machine's own key does, and the old one's does not.
  EXPECT_EQ(files_of(*open(wanted(), other)), some_files());
  EXPECT_FALSE(open().has_value());
  EXPECT_TRUE(open(recoverable()).has_value());
}

TEST_F(VolumeTest, ARecoverySlotIsNeverLostUnnoticed) {
  write(some_files(), recoverable());
  Machine risen;
  risen.newest.svn += 1;
  const auto opened = open(wanted(), risen);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->sealing, Sealing::WantsRecoveryKey);
  EXPECT_EQ(open(recoverable(), risen)->sealing, Sealing::Anew);
  const Machine other{.chip = "other"};
  EXPECT_TRUE(open(recoverable(), other).has_value());
}

TEST_F(VolumeTest, WherePlatformsVersionsHaveNoOrderTheProcessorTells) {
  using Tcb = Versions::Tcb;
  // A byte falls and another rises: which is newer, nobody but the processor can say.
  const auto first = Tcb::from(Bytes{9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}).value();
  const auto second = Tcb::from(Bytes{1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}).value();
  Machine before{.order = TcbOrder::ByProcessor};
  before.newest.tcb = first;
  Machine after = before;
  after.newest.tcb = second;
  after.before = {first};
  ASSERT_TRUE(open(wanted(), before).has_value());
  const auto updated = open(wanted(), after);
  ASSERT_TRUE(updated.has_value());
  EXPECT_EQ(updated->sealing, Sealing::Anew);
  EXPECT_EQ(refused(open(wanted(), before)),
            "the volume was sealed by newer versions than this machine or keep has");
  Wanted with = wanted();
  with.oldest.tcb = second;
  EXPECT_TRUE(open(with, after).has_value());
  with.oldest.tcb = first;  // also by what seems larger
  EXPECT_EQ(refused(open(with, after)),
            "the volume is sealed under versions that the tenant does not accept any more");
  disk_ = Disk();
  EXPECT_EQ(refused(open(with, after)),
            "this machine or keep has older versions than the tenant accepts");
  with.oldest.tcb = {};
  ++after.newest.svn;
  ASSERT_TRUE(open(with, after).has_value());
  --after.newest.svn;
  EXPECT_EQ(refused(open(with, after)),
            "the volume was sealed by newer versions than this machine or keep has");
}

TEST_F(VolumeTest, ARecoverySlotCanBeAddedLater) {
  write(some_files());
  const auto opened = open(recoverable());
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->sealing, Sealing::Anew);
  EXPECT_TRUE(open(recoverable(), {.chip = "other"}).has_value());
}

TEST_F(VolumeTest, AnOlderStateIsRefusedByWhoKnowsANewerOne) {
  write({{"a", {1}}});
  const Disk old = disk_;
  write({{"a", {2}}});
  Wanted with = wanted();
  with.at_least = counter_.last_written;
  EXPECT_TRUE(open(with).has_value());
  disk_ = old;
  EXPECT_EQ(refused(open(with)), "the volume is older than what the tenant has seen of it");
  // Another keep goes on from the old state, as a host might let it.
  write({{"a", {3}}});
  EXPECT_EQ(refused(open(with)), "the volume is another than what the tenant has seen of it");
  write({{"a", {4}}});
  EXPECT_TRUE(open(with).has_value()) << "a fork that went further is seen by nobody but both";
  disk_ = Disk();
  EXPECT_EQ(refused(open(with)), "the volume is gone, and the tenant has seen it");
}

TEST_F(VolumeTest, KeepsThatNothingAttestsHaveVolumesOfTheirOwn) {
  NoPlatformKeys none;
  const auto with_none = [&](const Wanted& with) {
    return Volume::open({store_, none}, with, workload());
  };
  ASSERT_TRUE(with_none(wanted()).has_value());
  EXPECT_TRUE(with_none(wanted()).has_value());
  EXPECT_EQ(refused(open()), "the volume was sealed by a keep that nothing attests");
  EXPECT_EQ(refused(open(recoverable())), "the volume was sealed by a keep that nothing attests");
  disk_ = Disk();
  write(some_files(), recoverable());
  EXPECT_EQ(refused(with_none(recoverable())),
            "the volume was sealed by an attested keep, and this one is none");
}

TEST_F(VolumeTest, AKilledCommitLeavesOneStateWhole) {
  const Files old = some_files();
  Files fresh = old;
  fresh["dir/of pieces"][5] ^= 1;
  fresh["new"] = noise(100, 5);
  fresh.erase("small");
  write(old);
  const Disk before = disk_;
  for (const bool does_the_last : {false, true}) {
    for (std::size_t end = 0;; ++end) {
      disk_ = before;
      auto opened = open();
      ASSERT_TRUE(opened.has_value());
      store_.operations = 0;
      store_.end = end;
      store_.does_the_last = does_the_last;
      const bool done = opened->volume.commit(contents_of(fresh)).has_value();
      const bool was_reached = store_.operations > end;
      EXPECT_FALSE(was_reached && done && opened->volume.commit(contents_of(old)).has_value())
          << "a store that is gone is not asked again";
      store_.end.reset();
      const auto again = open();
      ASSERT_TRUE(again.has_value()) << again.error().what;
      const Files there = files_of(*again);
      EXPECT_TRUE(there == fresh || (!done && there == old)) << end;
      std::size_t needed = 0;
      for (const auto& [path, bytes] : there) {
        if (path != "zeros") needed += pieces_of(bytes.size());
      }
      EXPECT_EQ(disk_.objects.size(), needed) << "what was left behind is removed";
      if (!was_reached) break;
    }
  }
}

TEST_F(VolumeTest, AKeepThatIsKilledWhileItSealsAnewLosesNothing) {
  write(some_files(), recoverable());
  const Disk before = disk_;
  Machine risen;
  risen.newest.svn += 1;
  for (const bool does_the_last : {false, true}) {
    for (std::size_t end = 0;; ++end) {
      disk_ = before;
      store_.operations = 0;
      store_.end = end;
      store_.does_the_last = does_the_last;
      static_cast<void>(open(recoverable(), risen).has_value());
      const bool was_reached = store_.operations > end;
      store_.end.reset();
      const auto again = open(recoverable(), risen);
      ASSERT_TRUE(again.has_value()) << end << again.error().what;
      EXPECT_EQ(files_of(*again), some_files());
      if (!was_reached) break;
    }
  }
}

TEST_F(VolumeTest, WithoutRoomTheStateBeforeStands) {
  auto opened = open();
  ASSERT_TRUE(opened->volume.commit(contents_of({{"a", noise(1000)}})).has_value());
  const Disk before = disk_;
  store_.room = disk_.size() + 3000;
  const auto failed =
      opened->volume.commit(contents_of({{"a", noise(1000)}, {"b", noise(2500, 3)}}, 1));
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code, ErrorCode::Exhausted);
  EXPECT_EQ(disk_, before);
  EXPECT_TRUE(opened->volume.commit(contents_of({{"a", noise(500)}}, 2)).has_value());
  EXPECT_EQ(files_of(*open()), (Files{{"a", noise(500)}}));
}

TEST_F(VolumeTest, WithoutRoomToSealAnewItOpensAsItIs) {
  write(some_files());
  store_.room = disk_.size() + 100'000;
  Machine risen;
  risen.newest.svn += 1;
  auto opened = open(wanted(), risen);
  ASSERT_TRUE(opened.has_value()) << opened.error().what;
  EXPECT_EQ(opened->sealing, Sealing::NoRoom);
  EXPECT_EQ(files_of(*opened), some_files());
  EXPECT_TRUE(opened->volume.commit(contents_of({{"a", {1}}})).has_value());
}

TEST_F(VolumeTest, MoreThanTheKeepHasMemoryForIsRefused) {
  write(some_files());
  max_bytes_ = 2 * piece_size;
  EXPECT_EQ(refused(open(), ErrorCode::Exhausted),
            "the sealed volume is larger than this keep allows");
  disk_ = Disk();
  auto opened = open();
  EXPECT_EQ(opened->volume.commit(contents_of(some_files())).error().code, ErrorCode::Exhausted);
}

TEST_F(VolumeTest, AStoreWithoutAnIndexIsNotTakenForANewOne) {
  write(some_files());
  disk_.index.reset();
  const Disk before = disk_;
  EXPECT_EQ(refused(open()), "the volume has lost its index");
  EXPECT_EQ(disk_, before);
}

TEST_F(VolumeTest, WhatNobodyMayAskForIsRefused) {
  EXPECT_EQ(refused(open(wanted("No/Name")), ErrorCode::Malformed), "no name of a volume");
  Wanted with = wanted();
  with.recovery_key = crypto::SecretBytes(Bytes(31, 1));
  EXPECT_EQ(refused(open(with), ErrorCode::Malformed), "a recovery key of another size");
}

TEST_F(VolumeTest, LinksAndFurtherNamesComeBack) {
  auto opened = open();
  Contents contents = contents_of({{"a", {1, 2}}});
  Entry link{Entry::Kind::Link, 0, "link", {4, 5, 6}};
  link.target = "a";
  Entry name{Entry::Kind::Name, 0, "name", {}};
  name.of = 1;
  contents.entries.push_back(link);
  contents.entries.push_back(name);
  contents.sources.resize(4);
  ASSERT_TRUE(opened->volume.commit(contents).has_value());
  const auto again = open();
  ASSERT_EQ(again->entries.size(), 4U);
  EXPECT_EQ(again->entries[2].target, "a");
  EXPECT_EQ(again->entries[2].times, (Times{4, 5, 6}));
  EXPECT_EQ(again->entries[3].of, 1U);
  EXPECT_EQ(again->bytes[3], nullptr);
}

}  // namespace
}  // namespace merlon::sealed
