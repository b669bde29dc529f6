#include "merlon/host/kvm/snapshot.h"

#include <algorithm>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "merlon/os/open.h"
#include "merlon/os/snapshot_file.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::host::kvm {
namespace {

constexpr std::uint64_t page = snapshot_page;

MachineMemory two_parts() {
  MachineMemory memory;
  memory.add(MemoryPart::create(16 * page, 256 * page).value());
  memory.add(MemoryPart::create(std::uint64_t{1} << 32U, 512 * page).value());
  return memory;
}

void put(const MachineMemory& memory, std::uint64_t address, std::uint8_t value) {
  (*memory.find(address, 1))[0] = value;
}

Snapshot snapshot_of(const MachineMemory& memory) {
  Snapshot snapshot;
  snapshot.world = sallyport::World::Collapsed;
  snapshot.network = true;
  snapshot.sequence = 41;
  snapshot.next_base = 4711;
  snapshot.free = 815;
  snapshot.counter = {1, 2, 3};
  snapshot.seen.extended_state = 7;
  snapshot.seen.cpuid = base::CpuidTable({{1, 2, true, {3, 4, 5, 6}}});
  snapshot.processor.general.rip = 1234;
  snapshot.processor.model = {{0xc000'0081, 9}};
  for (const MemoryPart& part : memory.parts()) {
    snapshot.parts.push_back({part.base(), part.bytes().size()});
  }
  const os::Fd pagemap = os::open_file("/proc/self/pagemap").value();
  snapshot.runs = used_runs(memory, pagemap).value();
  return snapshot;
}

TEST(Snapshot, WhatIsNotZeroIsFound) {
  const MachineMemory memory = two_parts();
  put(memory, 20 * page, 1);
  put(memory, 22 * page + 5, 2);  // near: taken with the first
  put(memory, 200 * page, 3);     // far
  put(memory, 210 * page, 0);     // touched, and zero
  put(memory, (std::uint64_t{1} << 32U) + 511 * page, 4);
  const auto runs = snapshot_of(memory).runs;
  const std::vector<Extent> expected{
      {20 * page, 3 * page}, {200 * page, page}, {(std::uint64_t{1} << 32U) + 511 * page, page}};
  EXPECT_EQ(runs, expected);
}

/// Each run costs its reader a mapping.
TEST(Snapshot, HasNotMoreRunsThanItsReaderTakes) {
  constexpr std::uint64_t apart = 64 * page;  // too far for one run
  MachineMemory memory;
  memory.add(MemoryPart::create(16 * page, (max_snapshot_runs + 1) * apart).value());
  const os::Fd pagemap = os::open_file("/proc/self/pagemap").value();
  for (std::uint64_t i = 0; i < max_snapshot_runs; ++i) put(memory, 16 * page + i * apart, 1);
  const auto most = used_runs(memory, pagemap);
  ASSERT_TRUE(most.has_value());
  EXPECT_EQ(most->size(), max_snapshot_runs);
  put(memory, 16 * page + max_snapshot_runs * apart, 1);
  EXPECT_EQ(used_runs(memory, pagemap).error(), os::Errno::TooBig);
}

TEST(Snapshot, AMachineIsFoundAgain) {
  const MachineMemory memory = two_parts();
  put(memory, 20 * page, 1);
  put(memory, 200 * page + 7, 3);
  const Snapshot written = snapshot_of(memory);
  const os::Fd file = os::snapshot_file().value();
  ASSERT_TRUE(write_snapshot(file, written, memory));
  ASSERT_TRUE(os::seal(file));
  EXPECT_FALSE(write_snapshot(file, written, memory));

  const auto read = read_snapshot(file);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->world, written.world);
  EXPECT_TRUE(read->network);
  EXPECT_FALSE(read->directories);
  EXPECT_EQ(read->sequence, 41U);
  EXPECT_EQ(read->next_base, 4711U);
  EXPECT_EQ(read->free, 815U);
  EXPECT_EQ(read->counter.monotonic, 3U);
  EXPECT_EQ(read->seen.extended_state, 7U);
  EXPECT_EQ(read->seen.cpuid.answer(1, 2).edx, 6U);
  EXPECT_EQ(read->processor.general.rip, 1234U);
  ASSERT_EQ(read->processor.model.size(), 1U);
  EXPECT_EQ(read->processor.model[0].value, 9U);
  EXPECT_EQ(read->parts, written.parts);
  EXPECT_EQ(read->runs, written.runs);
  EXPECT_EQ(encode_head(*read), encode_head(written));

  const auto one = map_snapshot(file, *read);
  const auto other = map_snapshot(file, *read);
  ASSERT_TRUE(one && other);
  EXPECT_EQ((*one->find(20 * page, 1))[0], 1);
  EXPECT_EQ((*one->find(200 * page + 7, 1))[0], 3);
  EXPECT_EQ((*one->find(201 * page, 1))[0], 0);
  // What one writes the other does not see, and what one gives back is zero.
  put(*one, 20 * page, 9);
  EXPECT_EQ((*other->find(20 * page, 1))[0], 1);
  ASSERT_TRUE(one->release(19 * page, 4 * page));
  EXPECT_EQ((*one->find(20 * page, 1))[0], 0);
  ASSERT_TRUE(other->release(20 * page, page));
  EXPECT_EQ((*other->find(20 * page, 1))[0], 0);
  EXPECT_EQ((*other->find(200 * page + 7, 1))[0], 3);
}

TEST(Snapshot, AFileThatCannotBeReadIsTold) {
  const MachineMemory memory = two_parts();
  const os::testing::ScratchDirectory scratch;
  scratch.make_file("snapshot", std::string(4096, 'x'));
  scratch.make_file("empty");
  const os::Fd unreadable =
      os::Fd::adopt(::open((scratch / "snapshot").c_str(), O_WRONLY | O_CLOEXEC));
  const os::Fd empty = os::open_file(scratch / "empty").value();
  EXPECT_EQ(used_runs(memory, unreadable).error(), os::Errno::Badf);
  EXPECT_EQ(used_runs(memory, empty).error(), os::Errno::Io);
  EXPECT_EQ(read_snapshot(unreadable).error().code, core::ErrorCode::Unavailable);
  EXPECT_EQ(read_snapshot(empty).error().code, core::ErrorCode::Unavailable);
}

class SnapshotHead : public ::testing::Test {
 protected:
  void SetUp() override {
    snapshot_.parts = {{page, 8 * page}, {100 * page, 8 * page}};
    snapshot_.runs = {{2 * page, page}, {100 * page, 2 * page}};
  }
  [[nodiscard]] core::Result<Snapshot> decoded(std::uint64_t pages = 3) const {
    const auto head = encode_head(snapshot_);
    return decode_head(head, head.size() + pages * page);
  }
  Snapshot snapshot_;
};

TEST_F(SnapshotHead, IsReadAsItIs) { EXPECT_TRUE(decoded()); }

TEST_F(SnapshotHead, SaysEachThingByItself) {
  using Flag = bool Snapshot::*;
  for (const Flag flag : {&Snapshot::network, &Snapshot::directories, &Snapshot::faults_are_dear}) {
    snapshot_.network = snapshot_.directories = snapshot_.faults_are_dear = false;
    snapshot_.*flag = true;
    const auto read = decoded();
    ASSERT_TRUE(read);
    EXPECT_EQ(read->network, snapshot_.network);
    EXPECT_EQ(read->directories, snapshot_.directories);
    EXPECT_EQ(read->faults_are_dear, snapshot_.faults_are_dear);
  }
}

TEST_F(SnapshotHead, TheFileHasAllPagesAndNoMore) {
  EXPECT_FALSE(decoded(2));
  EXPECT_FALSE(decoded(4));
}

TEST_F(SnapshotHead, RunsLieInOnePartEach) {
  for (const Extent& bad : {Extent{0, page}, Extent{8 * page, 2 * page}, Extent{50 * page, page},
                            Extent{107 * page, 2 * page}, Extent{1000 * page, page}}) {
    snapshot_.runs = {bad};
    EXPECT_FALSE(decoded(bad.size / page)) << bad.base;
  }
}

TEST_F(SnapshotHead, ExtentsAreWholePagesInOrder) {
  snapshot_.runs.clear();
  for (const std::vector<Extent>& bad :
       std::vector<std::vector<Extent>>{{},
                                        {{page, 0}},
                                        {{1, page}},
                                        {{page, 1}},
                                        {{2 * page, page}, {page, page}},
                                        {{page, 2 * page}, {2 * page, page}},
                                        {{page, ~std::uint64_t{0} - page + 1}},
                                        {{~std::uint64_t{0} - page + 1, page}}}) {
    snapshot_.parts = bad;
    EXPECT_FALSE(decoded(0));
  }
}

TEST_F(SnapshotHead, EveryShorteningIsRefused) {
  const auto head = encode_head(snapshot_);
  for (std::size_t size = 0; size < head.size(); size += 97) {
    static_cast<void>(decode_head(core::ByteView(head).first(size), head.size() + 3 * page));
  }
  EXPECT_FALSE(decode_head(core::ByteView(head).first(100), head.size() + 3 * page));
}

TEST_F(SnapshotHead, AnotherVersionIsRefused) {
  auto head = encode_head(snapshot_);
  head[8] = 2;
  const auto refused = decode_head(head, head.size() + 3 * page);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, core::ErrorCode::Unsupported);
}

}  // namespace
}  // namespace merlon::host::kvm
