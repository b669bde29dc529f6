// How a request touches its block, as the processor says it: the block's pages are taken away, and
// each instruction that wants them is looked at, let through, and they are taken away again.

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "merlon/sallyport/guest/host_time.h"
#include "merlon/sallyport/host/request.h"
#include "merlon/sallyport/testing/words.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MERLON_CHECKED_ACCESSES 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MERLON_CHECKED_ACCESSES 1
#endif
#endif

namespace merlon::sallyport {
namespace {

constexpr std::size_t size = data_offset + 8192;
constexpr ::greg_t trap_flag = 0x100;

/// Of the accesses that were seen.
struct Seen {
  unsigned loads = 0;   ///< of a word
  unsigned stores = 0;  ///< of a word
  unsigned others = 0;
  unsigned unaligned = 0;
};

std::uint8_t* watched = nullptr;
Seen seen;

void set_rights(int rights) { ::mprotect(watched, size, rights); }

/// A move of 8 bytes between a register or a constant and memory, or from memory to memory.
void count(const std::uint8_t* code, std::uintptr_t address, bool writes) {
  constexpr std::uint8_t wide = 0x48;
  const bool is_wide = (code[0] & 0xf8U) == wide;
  const bool is_repeated = code[0] == 0xf3 && code[1] == wide && code[2] == 0xa5;  // rep movsq
  const bool load = (is_wide && code[1] == 0x8b) || (is_repeated && !writes);
  const bool store = (is_wide && (code[1] == 0x89 || code[1] == 0xc7)) || (is_repeated && writes);
  seen.loads += load ? 1U : 0U;
  seen.stores += store ? 1U : 0U;
  seen.others += load || store ? 0U : 1U;
  seen.unaligned += address % word_size == 0 ? 0U : 1U;
}

void on_access(int number, ::siginfo_t* info, void* context) {
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const auto start = reinterpret_cast<std::uintptr_t>(watched);
  if (address < start || address >= start + size) {
    std::signal(number, SIG_DFL);  // a fault of its own
    return;
  }
  auto& registers = static_cast<::ucontext_t*>(context)->uc_mcontext.gregs;
  constexpr ::greg_t write = 2;
  count(reinterpret_cast<const std::uint8_t*>(registers[REG_RIP]), address,
        (registers[REG_ERR] & write) != 0);
  set_rights(PROT_READ | PROT_WRITE);
  registers[REG_EFL] |= trap_flag;
}

void on_step(int /*number*/, ::siginfo_t* /*info*/, void* context) {
  static_cast<::ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL] &= ~trap_flag;
  set_rights(PROT_NONE);
}

class SharedAccess : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef MERLON_CHECKED_ACCESSES
    GTEST_SKIP() << "a sanitizer has accesses of its own";
#endif
    void* const memory = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    watched = static_cast<std::uint8_t*>(memory);
    seen = {};
    handle(SIGSEGV, &on_access, before_[0]);
    handle(SIGTRAP, &on_step, before_[1]);
  }
  void TearDown() override {
    if (watched == nullptr) return;
    ::sigaction(SIGSEGV, before_.data(), nullptr);
    ::sigaction(SIGTRAP, &before_[1], nullptr);
    ::munmap(watched, size);
    watched = nullptr;
  }
  static void handle(int number, void (*handler)(int, ::siginfo_t*, void*), struct sigaction& old) {
    struct sigaction action{};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO;
    ASSERT_EQ(::sigaction(number, &action, &old), 0);
  }

  /// Gives back what it was sent, reversed, by as many bytes as there is room for.
  static void serve(void* /*self*/, std::uint64_t sequence) noexcept {
    const Block block({watched, size});
    const auto request = take_request(block, sequence);
    ASSERT_TRUE(request.has_value());
    std::vector<std::uint8_t> bytes(request->sent.size());
    request->sent.copy_in(bytes);
    if (request->call == Call::Write) {
      answer(block, *request, {static_cast<std::int64_t>(bytes.size()), 0});
      return;
    }
    bytes.assign(bytes.rbegin(), bytes.rend());
    bytes.resize(request->room.size(), 'r');
    request->room.copy_out(bytes);
    answer(block, *request, {static_cast<std::int64_t>(bytes.size()), bytes.size()});
  }

  /// Small ones, and some of which many words are moved at once.
  static std::vector<std::size_t> sizes() {
    std::vector<std::size_t> all(150);
    std::iota(all.begin(), all.end(), 0);
    for (std::size_t i = 0; i < 10; ++i) all.push_back(1500 + i);
    return all;
  }

  std::array<struct sigaction, 2> before_{};
};

TEST_F(SharedAccess, IsOfAlignedWords) {
  const Block block({watched, size});
  tell_time(block, {1, 2, 3, 4});
  ASSERT_TRUE(take_host_time(block).has_value());
  Port port(block, {&serve, nullptr});
  for (const std::size_t count : sizes()) {
    std::vector<std::uint8_t> bytes(count + 16, 'b');
    const core::ByteSpan unaligned = core::ByteSpan(bytes).subspan(count % 9, count);
    ASSERT_TRUE(port.stage(Call::Write, {1})
                    .send(unaligned.first(count / 3))
                    .send(unaligned.subspan(count / 3))
                    .commit()
                    .collect({})
                    .has_value());
    ASSERT_TRUE(port.stage(Call::ReadLink, {1})
                    .send(unaligned.first(count / 2))
                    .receive(count)
                    .commit()
                    .collect(unaligned)
                    .has_value());
    set_attended(block, true);
    ASSERT_TRUE(has_request_after(block, port.sequence() - 1));
  }
  EXPECT_GT(seen.loads, 1000U);
  EXPECT_GT(seen.stores, 1000U);
  EXPECT_EQ(seen.others, 0U);
  EXPECT_EQ(seen.unaligned, 0U);
}

TEST_F(SharedAccess, OfAnyOtherKindIsSeen) {
  auto* const byte = static_cast<volatile std::uint8_t*>(watched);
  byte[data_offset] = 1;
  EXPECT_EQ(seen.others, 1U);
  static_cast<void>(*reinterpret_cast<volatile std::uint32_t*>(watched + 8));
  EXPECT_EQ(seen.others, 2U);
  EXPECT_EQ(seen.unaligned, 0U);
  static_cast<void>(*reinterpret_cast<volatile std::uint32_t*>(watched + 4));
  EXPECT_EQ(seen.unaligned, 1U);
  std::memset(watched, 0, 64);
  EXPECT_GT(seen.others, 3U);
}

}  // namespace
}  // namespace merlon::sallyport
