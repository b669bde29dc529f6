#pragma once

// A keep that makes system calls, for tests of what they ask the host and what it tells the keep.

#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "merlon/sallyport/item.h"
#include "merlon/shim/linux/abi.h"
#include "merlon/shim/linux/testing/machine.h"

namespace merlon::shim::linux::testing {

class KeepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_room_for_a_keep()) GTEST_SKIP() << "a keep's addresses are taken here";
    next_ = machine_.map(room);
    end_ = next_ + room;
    const std::uint64_t gap = machine_.map(2 * page_size);
    read_only_ = gap + page_size;
    ASSERT_EQ(machine_.keep().memory.unmap(gap, page_size), 0);
    ASSERT_EQ(machine_.keep().memory.protect(read_only_, page_size, abi::prot_read), 0);
  }

  std::int64_t call(std::uint64_t number, std::initializer_list<std::uint64_t> arguments) {
    return machine_.call(number, arguments);
  }

  /// Bytes in the keep's memory, at an address of their own.
  std::uint64_t place(std::string_view bytes) {
    const std::uint64_t at = next_;
    next_ += (bytes.size() + 15) / 16 * 16;
    machine_.put(at, bytes);
    return at;
  }
  /// With the NUL that the keep's C library puts there.
  std::uint64_t place_path(std::string_view path) { return place(std::string(path) + '\0'); }
  template <sallyport::Item T>
  std::uint64_t place_item(const T& item) {
    return place({reinterpret_cast<const char*>(&item), sizeof(item)});
  }
  /// Room for what the host gives.
  std::uint64_t make_room(std::size_t size) { return place(std::string(size, '?')); }

  template <sallyport::Item T>
  T item_at(std::uint64_t address) const {
    T item{};
    const std::string bytes = machine_.get(address, sizeof(item));
    std::memcpy(&item, bytes.data(), sizeof(item));
    return item;
  }

  /// The host answers everything with this.
  void answer(std::int64_t result, std::string bytes = {}) {
    machine_.host = [=](const Asked&) { return Reply{result, bytes}; };
  }
  /// The only request since the last look.
  Asked only_asked() {
    EXPECT_EQ(machine_.asked.size(), 1U);
    const Asked asked = machine_.asked.empty() ? Asked{} : machine_.asked.back();
    machine_.asked.clear();
    return asked;
  }
  bool asked_nothing() {
    const bool nothing = machine_.asked.empty();
    machine_.asked.clear();
    return nothing;
  }

  static constexpr std::size_t room = 32 * page_size;
  static constexpr std::uint64_t nowhere = sallyport::mapping_end - page_size;
  static constexpr std::uint64_t not_held = 9;

  Machine machine_;
  std::uint64_t next_ = 0;
  std::uint64_t end_ = 0;  ///< of what the keep may write; nothing is behind it
  std::uint64_t read_only_ = 0;
};

}  // namespace merlon::shim::linux::testing
