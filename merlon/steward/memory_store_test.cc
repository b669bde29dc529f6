#include "merlon/steward/memory_store.h"

#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::steward {
namespace {

using os::testing::ScratchDirectory;
using verify::Memory;

Memory seen_at(std::int64_t seconds) {
  Memory made;
  made.newest_issue = {seconds};
  made.evaluation_number = 17;
  made.documents["identity-QE"] = {seconds};
  return made;
}

MemoryStore opened(const std::string& path) {
  auto store = MemoryStore::open(path);
  EXPECT_TRUE(store.has_value()) << store.error();
  return *std::move(store);
}

TEST(MemoryStore, RemembersOverAStart) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "seen.json";
  {
    MemoryStore store = opened(path);
    EXPECT_EQ(store.memory(), Memory{});
    ASSERT_TRUE(store.learn(seen_at(100)).has_value());
    EXPECT_EQ(store.memory(), seen_at(100));
  }
  EXPECT_EQ(opened(path).memory(), seen_at(100));
  EXPECT_FALSE(scratch.exists("seen.json.new"));
}

TEST(MemoryStore, WritesNothingWhereNothingIsNewer) {
  const ScratchDirectory scratch;
  MemoryStore store = opened(scratch / "seen.json");
  ASSERT_TRUE(store.learn({}).has_value());
  EXPECT_FALSE(scratch.exists("seen.json"));
  ASSERT_TRUE(store.learn(seen_at(100)).has_value());
  std::filesystem::remove(scratch / "seen.json");
  ASSERT_TRUE(store.learn(seen_at(50)).has_value());
  EXPECT_FALSE(scratch.exists("seen.json"));
  EXPECT_EQ(store.memory(), seen_at(100));
}

TEST(MemoryStore, ADamagedFileEndsTheStartByName) {
  const ScratchDirectory scratch;
  const std::string good = seen_at(100).to_text();
  for (const std::string& text : {std::string(), std::string("{}"), good.substr(0, good.size() / 2),
                                  good + good, std::string(Memory::max_text_size + 1, ' ')}) {
    scratch.make_file("seen.json", text);
    const auto store = MemoryStore::open(scratch / "seen.json");
    ASSERT_FALSE(store.has_value());
    EXPECT_NE(store.error().find("seen.json"), std::string::npos) << store.error();
  }
  scratch.make_directory("folder");
  EXPECT_FALSE(MemoryStore::open(scratch / "folder").has_value());
}

TEST(MemoryStore, WhatCannotBeWrittenIsToldAndNotForgotten) {
  const ScratchDirectory scratch;
  scratch.make_directory("gone");
  MemoryStore store = opened(scratch / "gone/seen.json");
  std::filesystem::remove(scratch / "gone");
  const auto learned = store.learn(seen_at(100));
  ASSERT_FALSE(learned.has_value());
  EXPECT_NE(learned.error().find("seen.json"), std::string::npos);
  EXPECT_EQ(store.memory(), seen_at(100));
  scratch.make_directory("gone");
  // The next call writes it, though it brings nothing new.
  ASSERT_TRUE(store.learn({}).has_value());
  EXPECT_EQ(opened(scratch / "gone/seen.json").memory(), seen_at(100));
}

TEST(MemoryStore, TwoStewardsShareOneFile) {
  const ScratchDirectory scratch;
  MemoryStore one = opened(scratch / "seen.json");
  MemoryStore other = opened(scratch / "seen.json");
  ASSERT_TRUE(one.learn(seen_at(100)).has_value());
  Memory more;
  more.documents["identity-TD_QE"] = {200};
  ASSERT_TRUE(other.learn(more).has_value());
  Memory both = seen_at(100);
  both.merge(more);
  EXPECT_EQ(other.memory(), both);
  EXPECT_EQ(one.memory(), seen_at(100));
  ASSERT_TRUE(one.refresh().has_value());
  EXPECT_EQ(one.memory(), both);
  EXPECT_EQ(opened(scratch / "seen.json").memory(), both);
}

TEST(MemoryStore, NothingIsLostHoweverManyLearnAtOnce) {
  const ScratchDirectory scratch;
  const std::string path = scratch / "seen.json";
  constexpr int threads = 4;
  constexpr int times = 25;
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&, i] {
      MemoryStore store = opened(path);
      for (int j = 0; j < times; ++j) {
        Memory seen;
        seen.documents[base::concat("identity-", i, "-", j)] = {1};
        EXPECT_TRUE(store.learn(seen).has_value());
      }
    });
  }
  for (std::thread& each : all) each.join();
  EXPECT_EQ(opened(path).memory().documents.size(), std::size_t{threads * times});
}

TEST(MemoryStore, MergesInAnyOrderToTheSame) {
  std::mt19937 random(11);
  const auto any = [&] {
    Memory made;
    made.newest_issue = {static_cast<std::int64_t>(random() % 1000)};
    made.evaluation_number = static_cast<std::uint32_t>(random() % 50);
    for (std::size_t i = random() % 5; i > 0; --i) {
      made.documents[base::concat("identity-", random() % 6)] = {
          static_cast<std::int64_t>(random() % 1000)};
      made.lists[crypto::sha256({core::as_bytes(base::concat(random() % 6))})] = {
          static_cast<std::int64_t>(random() % 1000)};
    }
    return made;
  };
  for (int i = 0; i < 500; ++i) {
    const Memory a = any();
    const Memory b = any();
    const Memory c = any();
    Memory left = a;
    left.merge(b);
    left.merge(c);
    Memory right = c;
    right.merge(b);
    right.merge(a);
    ASSERT_EQ(left, right);
    Memory again = left;
    again.merge(b);
    ASSERT_EQ(again, left);
    ASSERT_EQ(Memory::parse(left.to_text()).value(), left);
  }
}

}  // namespace
}  // namespace merlon::steward
