#pragma once

// For tests: pages of CPUID, right or wrong.

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "merlon/shim/snp/cpuid_page.h"

namespace merlon::shim::snp::testing {

struct Leaf {
  std::uint32_t leaf = 0;
  std::uint32_t subleaf = 0;
  CpuidAnswer answer;
};

/// Of a processor that every keep can do with (AMD EPYC, Zen 1), and SEV-SNP.
inline std::vector<Leaf> usual_leaves() {
  return {{0, 0, {0xd, 0x6874'7541, 0x444d'4163, 0x6974'6e65}},
          {1, 0, {0x0080'0f12, 0x800, 0xfed8'320b, 0x078b'fbfd}},
          {7, 0, {0, 0x1a9, 0, 0}},
          {0xd, 0, {7, 0x240, 0x340, 0}},
          {0xd, 1, {5, 0x240, 0, 0}},
          {0xd, 2, {0x100, 0x240, 0, 0}},
          {0x8000'0000, 0, {0x8000'001f, 0, 0, 0}},
          {0x8000'0001, 0, {0x0080'0f12, 0, 0x75, 0x2dd3'fbfd}},
          {0x8000'001f, 0, {0xa, 51, 0, 0}}};
}

inline std::array<std::uint8_t, Cpuid::page_size> page_of(const std::vector<Leaf>& leaves) {
  std::array<std::uint8_t, Cpuid::page_size> page{};
  const auto count = static_cast<std::uint32_t>(leaves.size());
  std::memcpy(page.data(), &count, sizeof count);
  std::size_t at = 16;
  for (const Leaf& each : leaves) {
    std::memcpy(page.data() + at, &each.leaf, 4);
    std::memcpy(page.data() + at + 4, &each.subleaf, 4);
    std::memcpy(page.data() + at + 24, &each.answer, sizeof each.answer);
    at += 48;
  }
  return page;
}

}  // namespace merlon::shim::snp::testing
