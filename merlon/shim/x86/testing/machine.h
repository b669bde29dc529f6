#pragma once

// A machine for tests of the machinery of ring 0: physical memory, and a processor that finds the
// keep's pages in the tables there. It remembers every translation until it is told to forget it,
// as a processor may. One at a time.

#include <bitset>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/sallyport/boot.h"
#include "merlon/shim/linux/testing/machine.h"
#include "merlon/shim/x86/address_space.h"
#include "merlon/shim/x86/machine.h"

namespace merlon::shim::x86::testing {

enum class Use { Read, Write, Execute };

/// What a translation allows, and where it leads.
struct Translation {
  std::uint64_t physical = 0;
  bool user = false;
  bool writable = false;
  bool executable = false;
};

class Machine {
 public:
  static constexpr std::uint64_t size = std::uint64_t{512} << 20U;
  static constexpr std::uint64_t pool_base = std::uint64_t{4} << 20U;
  static constexpr std::uint64_t pool_blocks = 12;
  static constexpr std::uint64_t table_base = std::uint64_t{1} << 20U;
  static constexpr std::uint64_t table_pages = 16;

  explicit Machine(sallyport::World world = sallyport::World::Ring0);
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  /// What the keep reaches at `address`, if it does not fault.
  [[nodiscard]] std::uint8_t* reach(std::uint64_t address, Use use);
  /// As the tables say now, whatever the processor remembers.
  [[nodiscard]] std::optional<Translation> walk(std::uint64_t address) const;
  /// Whether the window of `address` is one large page.
  [[nodiscard]] bool is_large(std::uint64_t address) const;

  void forget_all();
  void forget(std::uint64_t address);
  std::size_t all_forgotten = 0;                 ///< how often
  std::vector<std::uint64_t> pages_forgotten{};  ///< one by one

  /// All memory is encrypted: each entry says so, and a page that was not accepted is not there.
  void accept(std::uint64_t base, std::uint64_t size);
  [[nodiscard]] bool is_accepted(std::uint64_t physical) const {
    const auto pages = accepted_.find(physical / block_size);
    return pages != accepted_.end() && pages->second.test(physical % block_size / 4096);
  }

  [[nodiscard]] linux::testing::Machine& below() { return below_; }
  [[nodiscard]] linux::Memory& memory() { return below_.keep().memory; }
  [[nodiscard]] AddressSpace& space() { return *space_; }
  [[nodiscard]] const sallyport::BootInfo& boot() const { return boot_; }
  [[nodiscard]] std::uint8_t* at(std::uint64_t physical) const { return bytes_.data() + physical; }

 private:
  [[nodiscard]] std::uint64_t word(std::uint64_t table, std::uint64_t index) const;
  [[nodiscard]] std::optional<std::uint64_t> directory_entry_of(std::uint64_t address) const;
  [[nodiscard]] std::optional<Translation> look_up(std::uint64_t address);

  core::ByteSpan bytes_;
  std::map<std::uint64_t, std::bitset<512>> accepted_;  // by block: its pages
  sallyport::BootInfo boot_{};
  linux::testing::Machine below_;
  std::unique_ptr<AddressSpace> space_ = std::make_unique<AddressSpace>();
  std::map<std::uint64_t, Translation> small_;     // by page
  std::map<std::uint64_t, Translation> large_;     // by window
  std::map<std::uint64_t, std::uint64_t> tables_;  // by window: entries of directories
};

/// Whether the direct map's addresses are free in this process; a sanitizer may have them.
[[nodiscard]] bool has_room_for_a_machine();

}  // namespace merlon::shim::x86::testing
