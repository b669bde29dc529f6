// A host that does with a volume what it likes: what a keep then opens is a state that it once
// wrote, not older than its tenant knows of, or nothing.

#include <algorithm>
#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "merlon/sealed/testing/fakes.h"

namespace merlon::sealed {
namespace {

using testing::Bytes;
using testing::contents_of;
using testing::Disk;
using testing::FakePlatform;
using testing::Files;
using testing::files_of;
using testing::MemoryStore;
using testing::wanted;
using testing::workload;

class HostileStore : public ::testing::Test {
 protected:
  /// The states that a keep has written, each with what the store held then.
  struct State {
    Files files;
    Disk disk;
    Mark mark;
  };

  void SetUp() override {
    states_ = life_of("data", "tenant");
    // Of the same keep on the same machine: another name, another tenant.
    for (const auto& [name, tenant] : {std::pair{"other", "tenant"}, std::pair{"data", "thief"}}) {
      for (State& state : life_of(name, tenant)) others_.push_back(std::move(state));
    }
  }

  static Wanted wish(const std::string& name) {
    Wanted made = wanted(name);
    made.recovery_key = testing::recovery_key();
    return made;
  }
  std::vector<State> life_of(const std::string& name, std::string_view tenant) {
    std::vector<State> states;
    Disk disk;
    MemoryStore store(disk);
    Wanted with = wish(name);
    if (tenant == "thief") with.recovery_key = testing::recovery_key(0x66);
    auto opened = Volume::open({store, platform_, nullptr}, with, workload(tenant));
    for (std::uint8_t i = 1; i <= 4; ++i) {
      const Files files{{"a", Bytes(100, i)}, {"d/b", Bytes(segment_size + 7, i)}, {"same", {9}}};
      EXPECT_TRUE(opened->volume.commit(contents_of(files, i)));
      states.push_back({files, disk, opened->volume.mark()});
    }
    return states;
  }

  Bytes& some_object(Disk& disk) {
    auto at = disk.objects.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(random_() % disk.objects.size()));
    return at->second;
  }
  void change(Bytes& bytes) {
    if (bytes.empty()) return;
    const std::size_t at = random_() % bytes.size();
    switch (random_() % 4) {
      case 0: bytes[at] ^= static_cast<std::uint8_t>(1U << random_() % 8); break;
      case 1: bytes.resize(at); break;
      case 2: bytes.push_back(0); break;
      default: std::swap(bytes[at], bytes[random_() % bytes.size()]); break;
    }
  }
  /// A part of one header in another.
  void mix_headers(Bytes& index, const Bytes& other) {
    const std::size_t size = std::min({index.size(), other.size(), Header::size});
    if (size == 0) return;
    const auto first = static_cast<std::ptrdiff_t>(random_() % size);
    const auto end = first + 1 + static_cast<std::ptrdiff_t>(random_() % size);
    const auto last = std::min(end, static_cast<std::ptrdiff_t>(size));
    std::copy(other.begin() + first, other.begin() + last, index.begin() + first);
  }
  /// One thing that a host can do.
  void spoil(Disk& disk) {
    const auto& all = random_() % 2 == 0 ? states_ : others_;
    const State& other = all[random_() % all.size()];
    switch (random_() % 9) {
      case 0: change(*disk.index); break;
      case 1: change(some_object(disk)); break;
      case 2: disk.index = other.disk.index; break;
      case 3: disk = other.disk; break;
      case 4:
        disk.objects.erase(std::next(disk.objects.begin(),
                                     static_cast<std::ptrdiff_t>(random_() % disk.objects.size())));
        break;
      case 5: std::swap(some_object(disk), some_object(disk)); break;
      case 6: some_object(disk) = other.disk.objects.begin()->second; break;
      case 7: mix_headers(*disk.index, *other.disk.index); break;
      default: disk.objects.insert(other.disk.objects.begin(), other.disk.objects.end()); break;
    }
  }

  FakePlatform platform_;
  std::vector<State> states_;
  std::vector<State> others_;
  std::mt19937_64 random_{11};
};

TEST_F(HostileStore, ShowsAWholeStateThatWasWrittenOrNothing) {
  const char* const asked = std::getenv("MERLON_VOLUME_CASES");
  const int cases = asked == nullptr ? 20'000 : std::atoi(asked);
  int opened_ones = 0;
  for (int i = 0; i < cases; ++i) {
    const std::size_t known = random_() % states_.size();
    Disk disk = states_[random_() % states_.size()].disk;
    for (std::size_t n = random_() % 3; n != 0 && !disk.objects.empty() && disk.index; --n)
      spoil(disk);
    MemoryStore store(disk);
    Wanted with = random_() % 2 == 0 ? wanted() : wish("data");
    with.at_least = states_[known].mark;
    const auto opened = Volume::open({store, platform_, nullptr}, with, workload());
    if (!opened) continue;
    ++opened_ones;
    const std::uint64_t generation = opened->volume.mark().generation;
    ASSERT_GE(generation, states_[known].mark.generation) << i;
    const State& state = states_[generation - states_.front().mark.generation];
    ASSERT_EQ(opened->volume.mark(), state.mark) << i;
    ASSERT_EQ(files_of(*opened), state.files) << i;
  }
  EXPECT_GT(opened_ones, cases / 10);
  EXPECT_LT(opened_ones, cases * 9 / 10);
}

TEST_F(HostileStore, ATwinOfTheSameNameIsRefusedHoweverOftenItWasWritten) {
  Disk twin = life_of("data", "tenant").back().disk;
  MemoryStore store(twin);
  Wanted with = wanted();
  for (const State& state : states_) {
    with.at_least = state.mark;
    const auto opened = Volume::open({store, platform_, nullptr}, with, workload());
    ASSERT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().message(),
              "the volume is not the one that the tenant has seen under this name");
  }
  // A memory that names none tells it apart up to the same number only.
  with.at_least.id = {};
  EXPECT_FALSE(Volume::open({store, platform_, nullptr}, with, workload()).has_value());
  with.at_least = {states_.front().mark.generation, states_.front().mark.head, {}};
  EXPECT_TRUE(Volume::open({store, platform_, nullptr}, with, workload()).has_value());
}

TEST_F(HostileStore, AVolumeThatWasSeenIsNotMadeAnew) {
  Disk nothing;
  MemoryStore store(nothing);
  Wanted with = wanted();
  with.at_least.id = states_.front().mark.id;
  EXPECT_FALSE(Volume::open({store, platform_, nullptr}, with, workload()).has_value());
  EXPECT_EQ(nothing, Disk{});
}

TEST_F(HostileStore, EachBitOfTheIndexCounts) {
  const Bytes& good = *states_.back().disk.index;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Disk disk = states_.back().disk;
    std::uint8_t& byte = (*disk.index)[bit / 8];
    byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
    MemoryStore store(disk);
    const auto opened = Volume::open({store, platform_, nullptr}, wish("data"), workload());
    EXPECT_FALSE(opened.has_value()) << bit;
  }
}

}  // namespace
}  // namespace merlon::sealed
