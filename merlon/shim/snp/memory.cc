#include "merlon/shim/snp/memory.h"

#include "merlon/shim/snp/machine.h"

namespace merlon::shim::snp {

using linux::page_size;
using linux::Range;

namespace {

constexpr std::uint64_t large_size = std::uint64_t{2} << 20U;

/// A page that is read as soon as it is taken.
void touch(std::uint64_t address, std::uint64_t size) noexcept {
  for (std::uint64_t at = address; at < address + size; at += page_size) {
    snp_touch(at);
    snp_touch(at + page_size - 1);
  }
}

Trouble judge(std::uint64_t answer) noexcept {
  if (answer == 0) return {};
  return answer == unchanged ? Reason::Unchanged : Reason::Validation;
}

Trouble take_small(std::uint64_t address, std::uint64_t size) noexcept {
  for (std::uint64_t at = address; at < address + size; at += page_size) {
    if (const Trouble trouble = judge(snp_validate(at, 0, 1))) return trouble;
    touch(at, page_size);
  }
  return {};
}

}  // namespace

bool TakenMemory::add(Range range) noexcept {
  if (range.empty() || range.start % page_size != 0 || range.end % page_size != 0) return false;
  std::size_t next = 0;
  while (next < count_ && ranges_[next].end <= range.start) ++next;
  const bool has_next = next < count_;
  if (has_next && ranges_[next].start < range.end) return false;
  const bool joins_before = next > 0 && ranges_[next - 1].end == range.start;
  const bool joins_next = has_next && ranges_[next].start == range.end;
  if (joins_before && joins_next) {
    ranges_[next - 1].end = ranges_[next].end;
    for (std::size_t i = next + 1; i < count_; ++i) ranges_[i - 1] = ranges_[i];
    --count_;
  } else if (joins_before) {
    ranges_[next - 1].end = range.end;
  } else if (joins_next) {
    ranges_[next].start = range.start;
  } else {
    if (count_ == most) return false;
    for (std::size_t i = count_; i > next; --i) ranges_[i] = ranges_[i - 1];
    ranges_[next] = range;
    ++count_;
  }
  return true;
}

Trouble take_memory(TakenMemory& taken, std::uint64_t base, std::uint64_t size,
                    std::uint64_t address) noexcept {
  if (!taken.add({base, base + size})) return Reason::Ledger;
  std::uint64_t done = 0;
  while (done < size) {
    const bool large = (base + done) % large_size == 0 && size - done >= large_size;
    const std::uint64_t part = large ? large_size : page_size;
    const std::uint64_t answer = large ? snp_validate(address + done, 1, 1) : size_mismatch;
    // The host has it in small pages, or it is one.
    const bool is_small = (answer & ~unchanged) == size_mismatch;
    const Trouble trouble = is_small ? take_small(address + done, part) : judge(answer);
    if (trouble) return trouble;
    if (!is_small) touch(address + done, part);
    done += part;
  }
  return {};
}

Trouble check_level(std::uint64_t address) noexcept {
  constexpr std::uint64_t no_rights_of_level_1 = 1;
  return snp_adjust(address, no_rights_of_level_1) == 0 ? Trouble{} : Reason::Level;
}

}  // namespace merlon::shim::snp
