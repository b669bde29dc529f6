#include "merlon/crypto/secret_bytes.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <type_traits>

#include <gtest/gtest.h>

namespace {

/// Memory that is looked at in the moment in which it is given back.
struct Watch {
  const void* place = nullptr;
  std::array<std::uint8_t, 64> last{};
};
Watch watch;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): operator delete has no
              // other way

void give_back(void* memory) noexcept {
  if (memory != nullptr && memory == watch.place) {
    std::copy_n(static_cast<const std::uint8_t*>(memory), watch.last.size(), watch.last.begin());
  }
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { give_back(memory); }

namespace merlon::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<SecretBytes> &&
              !std::is_copy_assignable_v<SecretBytes>);
static_assert(std::is_nothrow_move_constructible_v<SecretBytes>);

/// Secrets whose memory is watched.
SecretBytes watched() {
  SecretBytes secret(std::vector<std::uint8_t>(watch.last.size(), 0xA5));
  watch = {secret.reveal().data(), {}};
  watch.last.fill(0xFF);
  return secret;
}

bool was_wiped() {
  return std::ranges::all_of(watch.last, [](std::uint8_t byte) { return byte == 0; });
}

TEST(SecretBytes, HoldTheBufferThatTheyWereGiven) {
  std::vector<std::uint8_t> bytes{1, 2, 3};
  const auto* const place = bytes.data();
  const SecretBytes secret(std::move(bytes));
  EXPECT_EQ(secret.reveal().data(), place);
  EXPECT_EQ(secret.reveal().size(), 3U);
}

TEST(SecretBytes, AreOverwrittenWhenTheyGo) {
  {
    const SecretBytes secret = watched();
  }
  EXPECT_TRUE(was_wiped());
}

TEST(SecretBytes, AreOverwrittenByWhatReplacesThem) {
  SecretBytes secret = watched();
  secret = SecretBytes(std::vector<std::uint8_t>{7});
  EXPECT_TRUE(was_wiped());
  EXPECT_EQ(secret.reveal()[0], 7);
}

TEST(SecretBytes, LeaveNothingBehindWhenTheyAreMoved) {
  SecretBytes from = watched();
  SecretBytes to(std::move(from));
  EXPECT_TRUE(from.reveal().empty());  // NOLINT(bugprone-use-after-move): what this test is about
  SecretBytes other;
  other = std::move(to);
  EXPECT_TRUE(to.reveal().empty());  // NOLINT(bugprone-use-after-move): the same
  EXPECT_EQ(other.reveal()[2], 0xA5);
}

}  // namespace
}  // namespace merlon::crypto
