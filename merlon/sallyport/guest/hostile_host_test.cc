// A host that lies in every way it can: seeded, a million replies. Whatever it does, the keep gets
// a named violation, an error number, or an answer within what it asked for.

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/sallyport/guest/port.h"
#include "merlon/sallyport/item.h"
#include "merlon/sallyport/testing/memory.h"
#include "merlon/sallyport/testing/words.h"

namespace merlon::sallyport {
namespace {

constexpr std::size_t replies = 1'000'000;

class HostileHost {
 public:
  explicit HostileHost(std::uint64_t seed) : random_(seed) {}

  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }

  /// A number as an attacker would choose it: near something that matters, or anything.
  [[nodiscard]] std::uint64_t number(std::uint64_t near) {
    static constexpr std::uint64_t edges[] = {
        0, 1, 4, 8, 1023, 1024, 4095, 4096, 1U << 31U, 0xffff'ffff, ~std::uint64_t{0}};
    switch (below(4)) {
      case 0: return near;
      case 1: return near + below(3) - 1;
      case 2: return edges[below(std::size(edges))];
      default: return random_();
    }
  }

  void reply(const Block& block) {
    const std::uint64_t room = testing::word_in(block, Header::Room);
    const std::uint64_t sent = testing::word_in(block, Header::Sent);
    const std::uint64_t near = below(2) == 0 ? room : sent;
    std::uint64_t result = number(near);
    if (below(3) == 0) result = 0 - number(below(140));
    block.store(Header::Result, result);
    block.store(Header::Returned, below(2) == 0 ? result : number(room));
    std::uint64_t sequence = testing::word_in(block, Header::Sequence);
    if (below(16) == 0) sequence += below(3) - 1;
    if (below(256) == 0) sequence += std::uint64_t{1} << 32U;
    block.store(Header::Answered, sequence);
    for (std::uint64_t i = below(4); i > 0; --i) {
      // Two numbers of a delivery.
      const std::uint64_t word = number(below(16)) | number(below(16)) << 32U;
      block.store_data(below(block.capacity() / word_size) * word_size, word);
    }
  }

  static void ring(void* self, std::uint64_t /*sequence*/) noexcept {
    auto& host = *static_cast<HostileHost*>(self);
    host.reply(*host.block_);
  }
  void serve(const Block& block) { block_ = &block; }

 private:
  std::mt19937_64 random_;
  const Block* block_ = nullptr;
};

/// Asks a random call in a random shape and checks what may be believed of the answer.
class Keep {
 public:
  Keep(Port& port, HostileHost& random) : port_(port), random_(random) {}

  void ask() {
    const CallInfo& info = call_table[random_.below(call_table.size())];
    const std::size_t sent = random_.below(testing::BlockMemory::capacity + 1);
    const std::size_t room = random_.below(testing::BlockMemory::capacity + 1);
    const std::size_t items = sent / sizeof(PollItem);
    const std::vector<std::uint8_t> bytes(sent, 'k');
    std::vector<std::uint8_t> into(room);
    const DescriptorSet before = port_.descriptors();
    const std::uint64_t offset = random_.below(3);
    const std::uint64_t whence = random_.below(3);
    const auto answer = port_.stage(info.call, {random_.below(8), offset, whence})
                            .send(bytes)
                            .receive(room)
                            .items(items)
                            .commit()
                            .collect(into);
    if (!answer) {
      note(info, answer.error());
      return;
    }
    outcomes_.insert(std::string(info.name) + " answered");
    switch (info.reply) {
      case Reply::Done:
      case Reply::Record: ASSERT_EQ(*answer, 0U); break;
      case Reply::Written: ASSERT_LE(*answer, sent); break;
      case Reply::Read:
      case Reply::Delivery: ASSERT_LE(*answer, room); break;
      case Reply::Ready: ASSERT_LE(*answer, items); break;
      case Reply::Position: ASSERT_TRUE(whence != 0 || *answer == offset || *answer == 0); break;
      case Reply::Flags: ASSERT_EQ(*answer & ~std::uint64_t{known_status_flags}, 0U); break;
      case Reply::Count: ASSERT_LE(*answer, 0x7fff'ffffU); break;
      case Reply::Option: ASSERT_LE(*answer, offset == 1 ? 1U : last_socket_type); break;
      case Reply::Time: ASSERT_LE(*answer, static_cast<std::uint64_t>(INT64_MAX)); break;
      case Reply::Descriptor:
        ASSERT_LT(*answer, max_descriptors);
        ASSERT_FALSE(before.holds(*answer));
        ASSERT_TRUE(port_.descriptors().holds(*answer));
        port_.descriptors().remove(*answer);
        break;
      case Reply::Never: FAIL() << "an answer to the end"; break;
    }
  }
  [[nodiscard]] const std::set<std::string>& outcomes() const { return outcomes_; }

 private:
  void note(const CallInfo& info, const Failure& failure) {
    if (failure.violation == Violation::None) {
      ASSERT_GE(failure.number, 1);
      ASSERT_LE(failure.number, max_errno);
      ASSERT_TRUE(failure.number != 4 || may_be_interrupted(info.reply));
      outcomes_.insert(std::string(info.name) + " failed");
      return;
    }
    outcomes_.insert(std::string(info.name) + " " + describe(failure.violation));
  }

  Port& port_;
  HostileHost& random_;
  std::set<std::string> outcomes_;
};

TEST(HostileHost, IsNeverBelieved) {
  const testing::BlockMemory memory;
  const Block block = memory.block();
  HostileHost host(20261123);
  host.serve(block);
  Port port(block, {&HostileHost::ring, &host});
  Keep keep(port, host);
  for (std::size_t i = 0; i < replies; ++i) {
    keep.ask();
    if (HasFatalFailure()) return;
    // Descriptors of deliveries would fill the table.
    if (i % 64 == 0) port.descriptors() = {};
  }
  EXPECT_TRUE(memory.intact());
  EXPECT_GT(keep.outcomes().size(), 5 * call_table.size());
  std::printf("hostile host: %zu replies, %zu distinct outcomes, 0 believed\n", replies,
              keep.outcomes().size());
}

TEST(HostileHost, ThatChangesTheBlockMeanwhileIsNeverBelieved) {
  const testing::BlockMemory memory;
  const Block block = memory.block();
  HostileHost host(7);
  host.serve(block);
  Port port(block, {&HostileHost::ring, &host});
  std::atomic<bool> stop{false};
  std::thread attacker([&] {
    HostileHost changes(8);
    while (!stop.load(std::memory_order_relaxed)) {
      block.store(Header::Returned, changes.number(512));
      block.store(Header::Result, changes.number(512));
      block.store(Header::Answered, testing::word_in(block, Header::Sequence));
    }
  });
  Keep keep(port, host);
  constexpr std::size_t rounds = 100'000;
  for (std::size_t i = 0; i < rounds && !HasFatalFailure(); ++i) {
    keep.ask();
    if (i % 64 == 0) port.descriptors() = {};
  }
  stop = true;
  attacker.join();
  EXPECT_TRUE(memory.intact());
}

/// All of the block, data too, changes while deliveries are read from it: the descriptors that the
/// keep then holds are those of the copy that it has, and what it has is what was judged.
TEST(HostileHost, ThatRewritesADeliveryMeanwhileGivesNothingTwice) {
  const testing::BlockMemory memory;
  const Block block = memory.block();
  const std::jthread attacker([&](const std::stop_token& stop) {
    HostileHost changes(9);
    while (!stop.stop_requested()) {
      // One or two descriptors, of two that change; as many bytes behind them as fit.
      block.store_data(0, (1 + changes.below(2)) | changes.below(1100) << 32U);
      block.store_data(8, changes.below(1100));
      block.store(Header::Returned, 16);
      block.store(Header::Result, changes.below(2) == 0 ? 4 : 8);
      block.store(Header::Answered, testing::word_in(block, Header::Sequence));
      std::this_thread::yield();  // lets the keep see an answer on one processor as well
    }
  });
  Port port(block, {[](void*, std::uint64_t) noexcept { std::this_thread::yield(); }, nullptr});
  std::size_t taken = 0;
  constexpr std::size_t rounds = 20'000;
  for (std::size_t i = 0; i < rounds; ++i) {
    std::vector<std::uint8_t> into(16);
    const DescriptorSet before = port.descriptors();
    const auto answer =
        port.stage(Call::ReceiveDescriptors, {3, 8}).receive(16).commit().collect(into);
    if (!answer) {
      ASSERT_NE(answer.error().violation, Violation::None);
      ASSERT_EQ(port.descriptors(), before) << "refused, and taken";
      continue;
    }
    ++taken;
    std::array<std::uint32_t, 4> words{};
    std::memcpy(words.data(), into.data(), into.size());
    ASSERT_EQ(*answer, 12 - 4 * words[0]);
    for (std::size_t fd = 1; fd <= words[0]; ++fd) {
      ASSERT_LT(words.at(fd), max_descriptors);
      ASSERT_FALSE(before.holds(words.at(fd)));
      ASSERT_TRUE(port.descriptors().holds(words.at(fd)));
    }
    if (i % 16 == 0) port.descriptors() = {};
  }
  EXPECT_GT(taken, 0U);
  EXPECT_TRUE(memory.intact());
}

}  // namespace
}  // namespace merlon::sallyport
