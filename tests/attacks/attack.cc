// Shims that do not serve a keep but attack what is around its machine. Each is started by the real
// merlon-vmm in place of merlon-shim-kvm; ATTACK says which it is.

#include "merlon/sallyport/block.h"
#include "merlon/sallyport/boot.h"
#include "merlon/shim/linux/lent_clock.h"

namespace merlon {
namespace {

using sallyport::Block;
using sallyport::BootInfo;
using sallyport::Call;
using sallyport::Header;

enum class Attack { Spin, Crash, CrashWhileServed, Nonsense, Elsewhere };

class Attacker {
 public:
  explicit Attacker(const BootInfo& boot) noexcept
      : boot_(boot),
        block_({reinterpret_cast<std::uint8_t*>(boot.block_address), boot.block_size}) {}

  [[noreturn]] static void spin() noexcept {
    for (;;) asm volatile("pause");
  }

  /// An exception, and nobody to handle it.
  [[noreturn]] static void crash() noexcept {
    struct [[gnu::packed]] {
      std::uint16_t limit = 0;
      std::uint64_t base = 0;
    } nothing;
    asm volatile("lidt %0\n\tud2" : : "m"(nothing));
    __builtin_unreachable();
  }

  /// Once the host attends, it is made to wait for a byte that never comes; and then there is
  /// nobody left to have it.
  [[noreturn]] void crash_while_served() noexcept {
    for (int i = 0; i < 10'000 && !attends(); ++i) {
      stage(Call::GetFlags, 0);
      ring();
    }
    stage(Call::Read, 1);
    wait();
    crash();
  }

  [[noreturn]] void nonsense() noexcept {
    block_.store(Header::Sent, ~std::uint64_t{0});
    stage(static_cast<Call>(0xdead'beef), ~std::uint64_t{0});
    ring();
    spin();
  }

  /// Maps physical memory that the machine does not have, and writes there.
  [[noreturn]] void elsewhere() noexcept {
    constexpr std::uint64_t table = 7;  // present, writable, user
    constexpr std::uint64_t large = 0x87;
    constexpr std::uint64_t address = 0x5000'0000'0000;
    constexpr std::uint64_t nowhere = 0x8'0000'0000;
    const std::uint64_t pointers = boot_.table_base;
    const std::uint64_t directory = boot_.table_base + 0x1000;
    word(boot_.page_table + (address >> 39U) * 8) = pointers | table;
    word(pointers) = directory | table;
    word(directory) = nowhere | large;
    *reinterpret_cast<volatile std::uint64_t*>(address) = 1;
    spin();
  }

 private:
  /// A request for descriptor 0.
  void stage(Call call, std::uint64_t room) noexcept {
    block_.store(Header::Call, static_cast<std::uint64_t>(call));
    block_.store(Header::Room, room);
    for (std::size_t i = 0; i < sallyport::argument_count; ++i) block_.store_argument(i, 0);
    block_.store(Header::Sequence, ++sequence_);
  }
  [[nodiscard]] bool attends() const noexcept {
    return block_.load(Header::Attended).equal_to(1, core::ErrorCode::Unavailable).has_value();
  }

  static void ring() noexcept {
    asm volatile("outb %b0, %w1" : : "a"(0), "d"(sallyport::doorbell_port) : "memory");
  }

  /// About a tenth of a second: long enough for the host to be in the middle of it.
  static void wait() noexcept {
    constexpr std::uint64_t ticks = 250'000'000;
    for (const std::uint64_t began = shim::linux::read_tsc();
         shim::linux::read_tsc() - began < ticks;)
      continue;
  }

  std::uint64_t& word(std::uint64_t physical) const noexcept {
    return *reinterpret_cast<std::uint64_t*>(boot_.direct_offset + physical);
  }

  const BootInfo& boot_;
  Block block_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

extern "C" void attack(const BootInfo* boot) noexcept {
  Attacker attacker(*boot);
  constexpr Attack chosen = Attack::ATTACK;
  switch (chosen) {
    case Attack::Spin: Attacker::spin();
    case Attack::Crash: Attacker::crash();
    case Attack::CrashWhileServed: attacker.crash_while_served();
    case Attack::Nonsense: attacker.nonsense();
    case Attack::Elsewhere: attacker.elsewhere();
  }
}

}  // namespace merlon
