#include "merlon/image/cache_descriptors.h"

#include <array>
#include <cstdint>
#include <optional>

namespace merlon::image {

using base::CpuidRegisters;

namespace {

constexpr std::uint32_t by_descriptors = 2;
constexpr std::uint32_t by_parameters = 4;
constexpr std::uint32_t see_leaf_4 = 0xff;
constexpr std::uint32_t not_valid = std::uint32_t{1} << 31U;

enum class Kind : std::uint8_t { Data = 1, Instruction = 2, Unified = 3 };

struct Cache {
  std::uint32_t level;
  Kind kind;
  std::uint64_t kilobytes;
};

/// Lines of 64 bytes; smaller before larger.
struct Descriptor {
  Cache cache;
  std::uint32_t number;
};
constexpr auto descriptors = std::array{
    Descriptor{{1, Kind::Data, 16}, 0x60},        Descriptor{{1, Kind::Data, 24}, 0x0e},
    Descriptor{{1, Kind::Data, 32}, 0x2c},        Descriptor{{1, Kind::Instruction, 32}, 0x30},
    Descriptor{{2, Kind::Unified, 256}, 0x7a},    Descriptor{{2, Kind::Unified, 512}, 0x7b},
    Descriptor{{2, Kind::Unified, 1024}, 0x7c},   Descriptor{{2, Kind::Unified, 2048}, 0x7d},
    Descriptor{{3, Kind::Unified, 2048}, 0xe2},   Descriptor{{3, Kind::Unified, 4096}, 0xe3},
    Descriptor{{3, Kind::Unified, 8192}, 0xe4},   Descriptor{{3, Kind::Unified, 12'288}, 0xea},
    Descriptor{{3, Kind::Unified, 18'432}, 0xeb}, Descriptor{{3, Kind::Unified, 24'576}, 0xec},
};

constexpr std::uint64_t field(std::uint32_t word, unsigned low, unsigned bits) noexcept {
  return word >> low & ((std::uint32_t{1} << bits) - 1);
}

/// What a subleaf of leaf 4 describes; nothing behind the last.
std::optional<Cache> cache_of(const CpuidRegisters& found) noexcept {
  const std::uint64_t type = field(found.eax, 0, 5);
  if (type < 1 || type > 3) return std::nullopt;
  const std::uint64_t ways = field(found.ebx, 22, 10) + 1;
  const std::uint64_t partitions = field(found.ebx, 12, 10) + 1;
  const std::uint64_t line = field(found.ebx, 0, 12) + 1;
  const std::uint64_t sets = std::uint64_t{found.ecx} + 1;
  return Cache{static_cast<std::uint32_t>(field(found.eax, 5, 3)), static_cast<Kind>(type),
               (ways * partitions * line * sets) >> 10U};
}

std::uint32_t descriptor_of(const Cache& cache) noexcept {
  std::uint32_t number = 0;
  for (const Descriptor& each : descriptors) {
    const bool same = each.cache.level == cache.level && each.cache.kind == cache.kind;
    if (same && each.cache.kilobytes <= cache.kilobytes) number = each.number;
  }
  return number;
}

bool refers_to_leaf_4(const CpuidRegisters& leaf) noexcept {
  for (const std::uint32_t word : {leaf.eax & ~0xffU, leaf.ebx, leaf.ecx, leaf.edx}) {
    if ((word & not_valid) != 0) continue;
    for (unsigned at = 0; at < 32; at += 8) {
      if ((word >> at & 0xffU) == see_leaf_4) return true;
    }
  }
  return false;
}

}  // namespace

void describe_caches(base::CpuidTable& cpuid) {
  CpuidRegisters* const leaf = cpuid.find(by_descriptors);
  if (leaf == nullptr || !refers_to_leaf_4(*leaf)) return;
  constexpr std::uint32_t most_caches = 8;
  // The first two registers have room for three each, since their highest bit must be clear.
  std::uint64_t packed = 0;
  unsigned count = 0;
  for (std::uint32_t i = 0; i < most_caches; ++i) {
    const auto cache = cache_of(cpuid.answer(by_parameters, i));
    if (!cache) break;
    const std::uint32_t number = descriptor_of(*cache);
    if (number == 0 || count == 5) continue;
    packed |= std::uint64_t{number} << (8 * count++);
  }
  if (count == 0) return;
  constexpr std::uint32_t asked_once = 1;  // in al
  *leaf = {asked_once | static_cast<std::uint32_t>(packed & 0xffffU) << 8U,
           static_cast<std::uint32_t>(packed >> 16U & 0xff'ffffU), 0, 0};
}

}  // namespace merlon::image
