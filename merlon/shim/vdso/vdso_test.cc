// The vdso as it was built, mapped as a keep has it.

#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "merlon/shim/linux/lent_clock.h"

namespace merlon::shim::vdso {
namespace {

using linux::LentClock;
using linux::read_tsc;
using ClockGetTime = int (*)(::clockid_t clock, ::timespec* time);
constexpr std::size_t page = 4096;
constexpr std::int64_t second = 1'000'000'000;

template <typename T>
T read_at(const std::vector<std::uint8_t>& file, std::size_t at) {
  T value{};
  EXPECT_LE(at + sizeof(value), file.size());
  std::memcpy(&value, file.data() + at, sizeof(value));
  return value;
}

/// Where a function of the symbol table lies; addresses are offsets in the file.
std::uint64_t address_of(const std::vector<std::uint8_t>& file, std::string_view name) {
  const auto header = read_at<::Elf64_Ehdr>(file, 0);
  std::uint64_t symbols = 0;
  std::uint64_t names = 0;
  std::uint64_t hashes = 0;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = read_at<::Elf64_Phdr>(file, header.e_phoff + i * sizeof(::Elf64_Phdr));
    if (segment.p_type != PT_DYNAMIC) continue;
    for (std::uint64_t at = 0; at < segment.p_filesz; at += sizeof(::Elf64_Dyn)) {
      const auto entry = read_at<::Elf64_Dyn>(file, segment.p_offset + at);
      if (entry.d_tag == DT_SYMTAB) symbols = entry.d_un.d_ptr;
      if (entry.d_tag == DT_STRTAB) names = entry.d_un.d_ptr;
      if (entry.d_tag == DT_HASH) hashes = entry.d_un.d_ptr;
    }
  }
  const auto count = read_at<std::uint32_t>(file, hashes + 4);
  for (std::size_t i = 0; i < count; ++i) {
    const auto symbol = read_at<::Elf64_Sym>(file, symbols + i * sizeof(::Elf64_Sym));
    const auto* const text = reinterpret_cast<const char*>(&file[names + symbol.st_name]);
    if (text == name) return symbol.st_value;
  }
  return 0;
}

class Vdso : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream stream(MERLON_VDSO, std::ios::binary);
    const std::vector<std::uint8_t> file(std::istreambuf_iterator<char>(stream), {});
    ASSERT_FALSE(file.empty()) << MERLON_VDSO;
    ASSERT_LE(file.size(), page);
    memory_ = static_cast<std::uint8_t*>(
        ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(memory_, MAP_FAILED);
    std::memcpy(memory_, file.data(), file.size());
    ASSERT_EQ(::mprotect(memory_, page, PROT_READ | PROT_EXEC), 0);
    const std::uint64_t address = address_of(file, "__vdso_clock_gettime");
    ASSERT_NE(address, 0U);
    get_time_ = reinterpret_cast<ClockGetTime>(memory_ + address);
  }
  void TearDown() override {
    if (memory_ != nullptr) ::munmap(memory_, 2 * page);
  }

  LentClock& clock() { return *reinterpret_cast<LentClock*>(memory_ + page); }
  std::int64_t now(::clockid_t which) {
    ::timespec time{};
    EXPECT_EQ(get_time_(which, &time), 0);
    EXPECT_TRUE(time.tv_nsec >= 0 && time.tv_nsec < second);
    return time.tv_sec * second + time.tv_nsec;
  }

  std::uint8_t* memory_ = nullptr;
  ClockGetTime get_time_ = nullptr;
};

std::int64_t of_kernel(::clockid_t which) {
  ::timespec time{};
  ::clock_gettime(which, &time);
  return time.tv_sec * second + time.tv_nsec;
}

TEST_F(Vdso, CountsFromTheBaseThatTheHostTold) {
  constexpr std::uint64_t monotonic = 5'000'000'000'000;
  constexpr std::uint64_t realtime = 1'700'000'000'000'000'000;
  // A counter that has made 3000.5 milliseconds, and by its frequency hardly any more until we
  // look.
  clock().host = {1, read_tsc() - 3000, monotonic, realtime};
  const std::int64_t first = now(CLOCK_MONOTONIC);
  EXPECT_GE(first, static_cast<std::int64_t>(monotonic) + 3 * second);
  const std::int64_t real = now(CLOCK_REALTIME);
  EXPECT_GE(real - static_cast<std::int64_t>(realtime),
            first - static_cast<std::int64_t>(monotonic));
}

TEST_F(Vdso, NeverGoesBackThoughTheCounterDoes) {
  clock().host = {1'000'000, read_tsc() - (std::uint64_t{1} << 40U), 0, 0};
  const std::int64_t before = now(CLOCK_MONOTONIC);
  EXPECT_GT(before, 0);
  clock().host.tsc_base = read_tsc() + (std::uint64_t{1} << 40U);
  EXPECT_EQ(now(CLOCK_MONOTONIC), before);
  clock().host.tsc_base = read_tsc() - (std::uint64_t{1} << 41U);
  EXPECT_GT(now(CLOCK_MONOTONIC), before);
}

TEST_F(Vdso, AsksWhereItCannotKnow) {
  clock().host = {1'000'000, read_tsc(), 0, 0};
  EXPECT_NEAR(static_cast<double>(now(CLOCK_BOOTTIME)),
              static_cast<double>(of_kernel(CLOCK_BOOTTIME)), 60e9);
  ::timespec time{};
  EXPECT_LT(get_time_(1000, &time), 0);
  clock().host = {};
  EXPECT_NEAR(static_cast<double>(now(CLOCK_REALTIME)),
              static_cast<double>(of_kernel(CLOCK_REALTIME)), 60e9);
}

}  // namespace
}  // namespace merlon::shim::vdso
