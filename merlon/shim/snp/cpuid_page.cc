#include "merlon/shim/snp/cpuid_page.h"

#include <algorithm>
#include <bit>

#include "merlon/sallyport/boot.h"

namespace merlon::shim::snp {
namespace {

constexpr std::size_t head_size = 16;
constexpr std::size_t entry_size = 48;

constexpr std::uint32_t state_leaf = 0xd;
constexpr std::uint32_t encryption_leaf = 0x8000'001f;
constexpr std::uint32_t first_component = 2;
constexpr std::uint32_t last_component = 62;
/// x87 and SSE, and the header behind them [INTEL 1 §13.4]: the parts that have no place of
/// their own.
constexpr std::uint32_t legacy_size = 576;
constexpr std::uint32_t alignment = 64;
/// No state of a processor of today is larger.
constexpr std::uint32_t largest_state = 16384;

/// Values of XCR0 that a keep may have, the largest first; as image/processor.h has them.
constexpr std::array<std::uint64_t, 3> states{0xe7, 0x07, 0x03};

constexpr std::uint32_t bit(unsigned number) noexcept { return std::uint32_t{1} << number; }
constexpr std::uint32_t has_xsave = bit(26);  // leaf 1, ecx
constexpr std::uint32_t xsave_is_on = bit(27);
constexpr std::uint32_t has_avx = bit(28);
constexpr std::uint32_t has_rdrand = bit(30);
constexpr std::uint32_t has_fs_base = bit(0);  // leaf 7, ebx
constexpr std::uint32_t has_smep = bit(7);
constexpr std::uint32_t protection_keys_are_on = bit(4);  // leaf 7, ecx

/// Functions whose answer depends on ECX [INTEL 2A CPUID; AMD's from 0x80000000 on].
constexpr bool has_subleaves(std::uint32_t leaf) noexcept {
  constexpr std::array<std::uint32_t, 20> leaves{
      0x4,  0x7,  0xb,  0xd,  0xf,  0x10, 0x12, 0x14, 0x17,        0x18,
      0x1a, 0x1b, 0x1d, 0x1e, 0x1f, 0x20, 0x23, 0x24, 0x8000'001d, 0x8000'0020};
  return std::ranges::find(leaves, leaf) != leaves.end() || leaf == 0x8000'0026;
}

constexpr bool is_of_processor(std::uint32_t leaf) noexcept { return (leaf & 0x7fff'0000U) == 0; }

template <typename T>
T number_at(core::ByteView bytes, std::size_t offset) noexcept {
  T number = 0;
  for (std::size_t i = sizeof number; i > 0; --i) {
    number = static_cast<T>(std::uint64_t{number} << 8U | bytes[offset + i - 1]);
  }
  return number;
}

/// How many leaves from `first` on an answer says there are, and no more than there can be.
std::uint32_t last_leaf(const CpuidAnswer& answer, std::uint32_t first) noexcept {
  return answer.eax >= first && answer.eax - first < 0x1'0000 ? answer.eax : first;
}

}  // namespace

Trouble Cpuid::begin(core::ByteView page) noexcept {
  if (page.size() != page_size) return Reason::Cpuid;
  const auto count = number_at<std::uint32_t>(page, 0);
  if (count == 0 || count > most) return Reason::Cpuid;
  for (std::size_t i = 0; i < count; ++i) {
    const core::ByteView entry = page.subspan(head_size + i * entry_size, entry_size);
    Function made{
        .leaf = number_at<std::uint32_t>(entry, 0),
        .subleaf = number_at<std::uint32_t>(entry, 4),
        .answer = {number_at<std::uint32_t>(entry, 24), number_at<std::uint32_t>(entry, 28),
                   number_at<std::uint32_t>(entry, 32), number_at<std::uint32_t>(entry, 36)}};
    if (!has_subleaves(made.leaf)) made.subleaf = 0;
    if (is_of_processor(made.leaf)) functions_[count_++] = made;
  }
  const CpuidAnswer encryption = found(encryption_leaf, 0);
  const std::uint32_t bit_number = encryption.ebx & 0x3fU;
  if (std::uint64_t{1} << bit_number != sallyport::private_bit) return Reason::Encryption;
  const CpuidAnswer one = found(1, 0);
  constexpr std::uint32_t needed = has_xsave | has_avx | has_rdrand;
  const bool enough = (one.ecx & needed) == needed && (found(7, 0).ebx & has_fs_base) != 0;
  const std::uint64_t possible = possible_state();
  const auto* const state =
      std::ranges::find_if(states, [&](std::uint64_t each) { return (each & possible) == each; });
  constexpr std::uint64_t avx_state = 0x07;
  if (!enough || state == states.end() || (*state & avx_state) != avx_state) {
    return Reason::Processor;
  }
  state_ = *state;
  return {};
}

const Cpuid::Function* Cpuid::find(std::uint32_t leaf, std::uint32_t subleaf) const noexcept {
  const auto* const end = functions_.data() + count_;
  const auto* const one = std::find_if(functions_.data(), end, [&](const Function& each) {
    return each.leaf == leaf && each.subleaf == subleaf;
  });
  return one == end ? nullptr : one;
}

CpuidAnswer Cpuid::found(std::uint32_t leaf, std::uint32_t subleaf) const noexcept {
  const Function* const one = find(leaf, has_subleaves(leaf) ? subleaf : 0);
  return one == nullptr ? CpuidAnswer{} : one->answer;
}

/// A component counts if it has a place that does not lie in another's way.
std::uint64_t Cpuid::possible_state() const noexcept {
  const CpuidAnswer leaf = found(state_leaf, 0);
  std::uint64_t possible = leaf.eax | std::uint64_t{leaf.edx} << 32U;
  for (std::uint32_t i = first_component; i <= last_component; ++i) {
    const CpuidAnswer place = found(state_leaf, i);
    const bool fits = place.eax != 0 && place.eax <= largest_state && place.ebx >= legacy_size &&
                      place.ebx <= largest_state;
    if (!fits) possible &= ~(std::uint64_t{1} << i);
  }
  return possible;
}

std::uint32_t Cpuid::state_size(bool compacted) const noexcept {
  std::uint32_t size = legacy_size;
  for (std::uint32_t i = first_component; i <= last_component; ++i) {
    if ((state_ >> i & 1U) == 0) continue;
    const CpuidAnswer place = found(state_leaf, i);
    if (!compacted) {
      size = std::max(size, place.ebx + place.eax);
      continue;
    }
    if ((place.ecx & bit(1)) != 0) size = (size + alignment - 1) / alignment * alignment;
    size += place.eax;
  }
  return size;
}

bool Cpuid::has_no_user_code() const noexcept { return (found(7, 0).ebx & has_smep) != 0; }

CpuidAnswer Cpuid::answer(std::uint32_t leaf, std::uint32_t subleaf) const noexcept {
  constexpr std::uint32_t extended = 0x8000'0000;
  CpuidAnswer made = found(leaf, subleaf);
  // A C library asks all leaves up to the last.
  if (leaf == 0 || leaf == extended) made.eax = last_leaf(made, leaf);
  if (leaf == 1) made.ecx |= xsave_is_on;
  if (leaf == 7 && subleaf == 0) made.ecx &= ~protection_keys_are_on;
  if (leaf != state_leaf) return made;
  if (subleaf == 0) {
    made.eax = static_cast<std::uint32_t>(state_);
    made.edx = static_cast<std::uint32_t>(state_ >> 32U);
    made.ebx = made.ecx = state_size(false);
  } else if (subleaf == 1) {
    made = {made.eax, state_size(true), 0, 0};
  } else if (subleaf > last_component || (state_ >> subleaf & 1U) == 0) {
    made = {};
  }
  return made;
}

}  // namespace merlon::shim::snp
