#pragma once

// A guest without an engine: 64 KiB of memory, a Context, and short ways to make WASI calls.

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/os/testing/scratch.h"
#include "merlon/wasi/api.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasi/rights.h"

namespace merlon::wasi::testing {

/// Time that stands still until somebody looks: then it goes on by `step`.
class FakeClocks final : public ClockSource {
 public:
  std::map<ClockId, Timestamp> time;
  Timestamp step = 0;
  int looks = 0;

  Result<Timestamp> now(ClockId clock) override {
    ++looks;
    return time[clock] += step;
  }
  Result<Timestamp> resolution(ClockId clock) override { return static_cast<Timestamp>(clock) + 1; }
};

/// Counts up; refuses when told so.
class FakeRandom final : public RandomSource {
 public:
  bool broken = false;
  std::uint8_t next = 1;

  Result<void> fill(core::ByteSpan into) override {
    if (broken) return fail(Errno::Io);
    for (std::uint8_t& byte : into) byte = next++;
    return {};
  }
};

/// The errno a call gives; for an exit or an interruption the test fails.
inline Errno errno_of(const Result<void>& result) {
  if (result.has_value()) return Errno::Success;
  EXPECT_EQ(result.error().kind, Failure::Kind::Errno);
  return result.error().number;
}

class Guest {
 public:
  static constexpr std::size_t memory_size = 65536;
  static constexpr GuestAddress result = 8;      ///< where calls store what they give
  static constexpr GuestAddress text = 1024;     ///< where put() puts
  static constexpr GuestAddress list = 16384;    ///< where iovecs() lists
  static constexpr GuestAddress buffer = 32768;  ///< for what is read

  explicit Guest(const ContextOptions& options = {})
      : bytes_(memory_size), context_(Context::create(options).value()) {}

  Context& context() { return *context_; }
  GuestMemory memory() { return GuestMemory(bytes_); }

  template <auto Function, typename... Arguments>
  Errno call(Arguments... arguments) {
    return errno_of(Function(*context_, memory(), arguments...));
  }

  /// Puts text at `address` and gives its size.
  GuestSize put(std::string_view what, GuestAddress address = text) {
    std::memcpy(bytes_.data() + address, what.data(), what.size());
    return static_cast<GuestSize>(what.size());
  }
  template <typename T>
  T get(GuestAddress address = result) {
    return memory().load<T>(address).value();
  }
  std::string string_at(GuestAddress address, std::size_t size) {
    const core::ByteSpan from = memory().at(address, size).value();
    return {from.begin(), from.end()};
  }
  /// Lists buffers {address, size} at `list`; gives their count.
  GuestSize iovecs(const std::vector<std::pair<GuestAddress, GuestSize>>& buffers) {
    GuestAddress at = list;
    for (const auto& [address, size] : buffers) {
      EXPECT_TRUE(memory().store(at, address).has_value());
      EXPECT_TRUE(memory().store(at + 4, size).has_value());
      at += 8;
    }
    return static_cast<GuestSize>(buffers.size());
  }

  FdNumber insert(FdEntry entry) { return context_->files().insert(std::move(entry)).value(); }
  FdNumber preopen(const os::testing::ScratchDirectory& scratch,
                   DirectoryAccess access = DirectoryAccess::ReadWrite,
                   const std::string& name = "/") {
    return insert(directory(os::duplicate(scratch.fd()).value(), name, access).value());
  }

  /// fd_write and fd_read of whole texts.
  Errno write(FdNumber fd, std::string_view what) {
    const GuestSize size = put(what);
    return call<&api::fd_write>(fd, list, iovecs({{text, size}}), result);
  }
  std::string read(FdNumber fd, GuestSize size = 4096) {
    const Errno number = call<&api::fd_read>(fd, list, iovecs({{buffer, size}}), result);
    if (number != Errno::Success) return "(" + std::string(to_string(number)) + ")";
    return string_at(buffer, get<GuestSize>());
  }

  struct Open {
    std::uint32_t dirflags = 0;
    Oflags oflags{};
    Rights base = rights::regular;
    Rights inheriting{};
    Fdflags fdflags{};
  };
  Errno try_open(FdNumber directory, std::string_view path, const Open& how) {
    const GuestSize size = put(path);
    return call<&api::path_open>(directory, how.dirflags, text, size,
                                 std::uint32_t{how.oflags.bits()}, how.base.bits(),
                                 how.inheriting.bits(), std::uint32_t{how.fdflags.bits()}, result);
  }
  FdNumber open(FdNumber directory, std::string_view path, const Open& how) {
    const Errno number = try_open(directory, path, how);
    EXPECT_EQ(number, Errno::Success) << path << ": " << to_string(number);
    return number == Errno::Success ? get<FdNumber>() : ~FdNumber{0};
  }
  FdNumber create(FdNumber directory, std::string_view path) {
    return open(directory, path, {.oflags = oflags::creat});
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::unique_ptr<Context> context_;
};

}  // namespace merlon::wasi::testing
