#include "merlon/host/volume_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "merlon/os/testing/scratch.h"

namespace merlon::host {
namespace {

using launch::ObjectName;
using launch::StoreOutcome;
using launch::StoreRequest;
using What = StoreRequest::What;
using Bytes = std::vector<std::uint8_t>;

ObjectName named(std::uint8_t byte) {
  ObjectName name{};
  name.fill(byte);
  return name;
}

class Volumes : public ::testing::Test {
 protected:
  VolumeFolder open(VolumeLimits limits = {}) {
    auto volume = VolumeFolder::open(scratch_.path(), limits);
    EXPECT_TRUE(volume) << volume.error().text;
    return *std::move(volume);
  }
  static StoreOutcome put(VolumeFolder& volume, std::optional<ObjectName> name, std::size_t size) {
    return volume.serve({What::Put, name, size, Bytes(size, 9)}).outcome;
  }
  static VolumeFolder::Answer get(VolumeFolder& volume, std::optional<ObjectName> name,
                                  std::uint64_t most = 100) {
    return volume.serve({What::Get, name, most});
  }

  os::testing::ScratchDirectory scratch_;
};

TEST_F(Volumes, KeepObjectsUnderTheirNames) {
  VolumeFolder volume = open();
  EXPECT_EQ(get(volume, named(0xAB)).outcome, StoreOutcome::NotFound);
  EXPECT_EQ(put(volume, named(0xAB), 3), StoreOutcome::Done);
  EXPECT_EQ(put(volume, std::nullopt, 4), StoreOutcome::Done);
  EXPECT_EQ(scratch_.content("abababababababababababababababab").size(), 3U);
  EXPECT_EQ(scratch_.content("index").size(), 4U);
  EXPECT_EQ(get(volume, named(0xAB)).bytes, Bytes(3, 9));
  EXPECT_EQ(get(volume, named(0xAB), 2).outcome, StoreOutcome::TooMuch);
  const auto names = volume.serve({What::List, {}, 10});
  EXPECT_EQ(names.bytes, Bytes(16, 0xAB));
  EXPECT_EQ(volume.serve({What::List, {}, 0}).outcome, StoreOutcome::TooMuch);
  EXPECT_EQ(volume.serve({What::Remove, named(0xAB)}).outcome, StoreOutcome::Done);
  EXPECT_EQ(volume.serve({What::Remove, named(0xAB)}).outcome, StoreOutcome::Done);
  EXPECT_EQ(get(volume, named(0xAB)).outcome, StoreOutcome::NotFound);
}

TEST_F(Volumes, HaveLimitsThatOutliveTheirKeep) {
  {
    VolumeFolder volume = open({.bytes = 10, .objects = 2});
    EXPECT_EQ(put(volume, named(1), 6), StoreOutcome::Done);
    EXPECT_EQ(put(volume, named(2), 5), StoreOutcome::NoRoom);
    EXPECT_EQ(put(volume, named(1), 10), StoreOutcome::Done);  // in its own place
    EXPECT_EQ(put(volume, named(1), 2), StoreOutcome::Done);
    EXPECT_EQ(put(volume, named(2), 2), StoreOutcome::Done);
    EXPECT_EQ(put(volume, named(3), 2), StoreOutcome::NoRoom);
    EXPECT_EQ(put(volume, std::nullopt, 6), StoreOutcome::Done);
  }
  VolumeFolder volume = open({.bytes = 10, .objects = 2});
  EXPECT_EQ(put(volume, named(1), 3), StoreOutcome::NoRoom);
  EXPECT_EQ(volume.serve({What::Remove, named(1)}).outcome, StoreOutcome::Done);
  EXPECT_EQ(put(volume, named(3), 2), StoreOutcome::Done);
}

TEST_F(Volumes, BelongToOneKeepAtATime) {
  VolumeFolder volume = open();
  const auto other =
      VolumeFolder::open(scratch_.path(), {.patience = std::chrono::milliseconds(0)});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, core::ErrorCode::Denied);
}

TEST_F(Volumes, AreListedWithWhatTheyHold) {
  EXPECT_TRUE(list_volumes(scratch_ / "none").empty());
  scratch_.make_directory("b");
  scratch_.make_directory("a");
  scratch_.make_directory("No Volume");
  scratch_.make_file("file", "");
  auto volume = VolumeFolder::open(scratch_ / "a", {});
  ASSERT_TRUE(volume);
  EXPECT_EQ(put(*volume, named(1), 6), StoreOutcome::Done);
  EXPECT_EQ(put(*volume, std::nullopt, 4), StoreOutcome::Done);
  scratch_.make_file("a/other", "not of it");
  const auto all = list_volumes(scratch_.path());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_EQ(all[0].bytes, 10U);
  EXPECT_EQ(all[0].objects, 1U);
  EXPECT_GT(all[0].changed, 0U);
  EXPECT_TRUE(all[0].in_use);
  EXPECT_EQ(all[1].name, "b");
  EXPECT_EQ(all[1].bytes, 0U);
  EXPECT_EQ(all[1].changed, 0U);
  EXPECT_FALSE(all[1].in_use);
}

TEST_F(Volumes, AreRemovedUnlessAKeepHasThem) {
  scratch_.make_directory("a");
  {
    auto volume = VolumeFolder::open(scratch_ / "a", {});
    ASSERT_TRUE(volume);
    EXPECT_EQ(put(*volume, named(1), 6), StoreOutcome::Done);
    EXPECT_EQ(put(*volume, std::nullopt, 4), StoreOutcome::Done);
    EXPECT_EQ(remove_volume(scratch_.path(), "a").error().code, core::ErrorCode::Denied);
    EXPECT_TRUE(scratch_.exists("a/index"));
  }
  EXPECT_TRUE(remove_volume(scratch_.path(), "a"));
  EXPECT_FALSE(scratch_.exists("a"));
  for (const char* const each : {"a", "", "..", "b/../a"}) {
    EXPECT_EQ(remove_volume(scratch_.path(), each).error().code, core::ErrorCode::NotFound) << each;
  }
}

TEST_F(Volumes, PassOverWhatIsNotTheirs) {
  scratch_.make_file("0123456789abcdef0123456789abcdef.new", "half");
  scratch_.make_file("note.txt", "mine");
  VolumeFolder volume = open();
  EXPECT_FALSE(scratch_.exists("0123456789abcdef0123456789abcdef.new"));
  EXPECT_TRUE(scratch_.exists("note.txt"));
  EXPECT_EQ(VolumeFolder::open(scratch_ / "none", {}).error().code, core::ErrorCode::NotFound);
}

}  // namespace
}  // namespace merlon::host
