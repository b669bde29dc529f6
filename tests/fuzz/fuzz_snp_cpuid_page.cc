// Any bytes as the page of CPUID that a host writes: refused by name, or what it answers hangs
// together.

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "merlon/shim/snp/cpuid_page.h"

using merlon::shim::snp::Cpuid;
using merlon::shim::snp::CpuidAnswer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  std::array<std::uint8_t, Cpuid::page_size> page{};
  if (size > page.size()) return 0;
  if (size != 0) std::memcpy(page.data(), bytes, size);
  Cpuid cpuid;
  if (cpuid.begin(page)) return 0;
  const std::uint64_t state = cpuid.extended_state();
  if (state != 0xe7 && state != 7) std::abort();
  const CpuidAnswer whole = cpuid.answer(0xd, 0);
  if (whole.eax != state || whole.ebx < 0x240 || whole.ebx > 0x8000) std::abort();
  // The parts of the state lie in it.
  for (std::uint32_t part = 2; part < 64; ++part) {
    const CpuidAnswer place = cpuid.answer(0xd, part);
    if (std::uint64_t{place.eax} + place.ebx > whole.ebx && place != CpuidAnswer{}) std::abort();
  }
  if (cpuid.answer(0, 0).eax > 0xffff || cpuid.answer(0x8000'0000, 0).eax > 0x8000'ffff) {
    std::abort();
  }
  // Whatever leaf a keep asks for.
  std::uint32_t leaf = 0;
  std::memcpy(&leaf, page.data() + size % 4000, sizeof leaf);
  if ((leaf & 0x7fff'0000U) != 0 && cpuid.answer(leaf, leaf >> 3U) != CpuidAnswer{}) std::abort();
  return 0;
}
