#include "merlon/host/snp/cpuid_page.h"

#include <algorithm>
#include <tuple>

#include "merlon/core/reader.h"

namespace merlon::host::snp {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t head_size = 16;
constexpr std::size_t entry_size = 48;
constexpr std::size_t answer_offset = 24;
constexpr std::size_t answer_size = 16;
constexpr std::size_t most_entries = 64;

constexpr std::uint32_t state_leaf = 0xd;
constexpr std::uint32_t first_state_size = 0x240;  // x87 and SSE, and the header behind them

bool is_of_processor(std::uint32_t leaf) noexcept {
  constexpr std::uint32_t extended = 0x8000'0000;
  return (leaf & ~std::uint32_t{0xffff}) == 0 || (leaf & ~std::uint32_t{0xffff}) == extended;
}

template <typename T>
void put(CpuidPage& page, std::size_t offset, T number) noexcept {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    page[offset + i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
}

void put_entry(CpuidPage& page, std::size_t offset, const base::CpuidLeaf& leaf) noexcept {
  const bool of_state = leaf.leaf == state_leaf && leaf.subleaf <= 1;
  put(page, offset, leaf.leaf);
  put(page, offset + 4, leaf.by_subleaf ? leaf.subleaf : 0);
  put(page, offset + 8, std::uint64_t{of_state ? 1U : 0U});
  put(page, offset + 24, leaf.registers.eax);
  put(page, offset + 28, of_state ? first_state_size : leaf.registers.ebx);
  put(page, offset + 32, leaf.registers.ecx);
  put(page, offset + 36, leaf.registers.edx);
}

Result<base::CpuidRegisters> registers_at(core::ByteView page, std::size_t offset) noexcept {
  core::Reader reader(page.subspan(offset, answer_size));
  base::CpuidRegisters registers;
  registers.eax = TRY(reader.u32());
  registers.ebx = TRY(reader.u32());
  registers.ecx = TRY(reader.u32());
  registers.edx = TRY(reader.u32());
  return registers;
}

}  // namespace

Result<CpuidPage> cpuid_page(const image::KeepProcessor& processor) {
  CpuidPage page{};
  std::uint32_t count = 0;
  for (const base::CpuidLeaf& leaf : processor.cpuid.leaves()) {
    if (!is_of_processor(leaf.leaf) || leaf.registers == base::CpuidRegisters{}) continue;
    if (count == most_entries) {
      return core::error(ErrorCode::Exhausted, "the processor has more leaves than a CPUID page");
    }
    put_entry(page, head_size + count * entry_size, leaf);
    ++count;
  }
  put(page, 0, count);
  return page;
}

Result<std::vector<CpuidCorrection>> corrections(core::ByteView asked, core::ByteView corrected) {
  constexpr std::size_t page_size = std::tuple_size_v<CpuidPage>;
  if (asked.size() != page_size || corrected.size() != page_size) {
    return core::error(ErrorCode::Malformed, "not a CPUID page");
  }
  CpuidPage same{};
  std::ranges::copy(corrected, same.begin());
  const std::uint32_t count = TRY(core::Reader(asked).u32());
  std::vector<CpuidCorrection> found;
  for (std::size_t i = 0; i < count && i < most_entries; ++i) {
    const std::size_t entry = head_size + i * entry_size;
    const std::size_t answer = entry + answer_offset;
    CpuidCorrection one;
    core::Reader question(asked.subspan(entry, answer_offset));
    one.leaf = TRY(question.u32());
    one.subleaf = TRY(question.u32());
    one.asked = TRY(registers_at(asked, answer));
    one.corrected = TRY(registers_at(corrected, answer));
    if (one.asked != one.corrected) found.push_back(one);
    std::ranges::copy(asked.subspan(answer, answer_size),
                      same.begin() + static_cast<std::ptrdiff_t>(answer));
  }
  if (!std::ranges::equal(same, asked)) {
    return core::error(ErrorCode::Malformed, "more than the answers of a CPUID page was changed");
  }
  return found;
}

}  // namespace merlon::host::snp
