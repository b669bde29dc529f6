#include "merlon/image/layout.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "merlon/image/first_registers.h"
#include "merlon/image/first_stack.h"
#include "merlon/image/page_tables.h"
#include "merlon/sallyport/block.h"

namespace merlon::image {

using core::ErrorCode;
using core::Result;
using sallyport::Access;
using sallyport::BootInfo;
using sallyport::World;

namespace {

constexpr std::uint64_t stack_base = sallyport::stack_end - sallyport::stack_size;

std::uint64_t page_down(std::uint64_t value) noexcept { return value & ~(page_size - 1); }
std::uint64_t page_up(std::uint64_t value) noexcept { return page_down(value + page_size - 1); }
std::uint64_t window_up(std::uint64_t value) noexcept {
  return (value + window_size - 1) & ~(window_size - 1);
}

Access access_of(Rights rights) noexcept {
  switch (rights) {
    case Rights::Read: return Access::Read;
    case Rights::ReadWrite: return Access::ReadWrite;
    case Rights::ReadExecute: return Access::ReadExecute;
  }
  return Access::None;
}

/// Sends a segment's bytes to `put`, from the start of their first page on.
template <typename Put>
Result<void> put_segment(const Put& put, const Segment& segment, std::uint64_t physical) {
  const std::uint64_t lead = segment.address % page_size;
  if (lead == 0) return put(physical, segment.bytes);
  std::array<std::uint8_t, page_size> first{};
  const core::ByteView start =
      segment.bytes.first(std::min<std::uint64_t>(segment.bytes.size(), page_size - lead));
  std::ranges::copy(start, first.begin() + static_cast<std::ptrdiff_t>(lead));
  TRY(put(physical - lead, core::ByteView(first).first(lead + start.size())));
  // The rest as it lies in the file, where a sink may find it.
  const core::ByteView rest = segment.bytes.subspan(start.size());
  if (!rest.empty()) TRY(put(physical - lead + page_size, rest));
  return {};
}

class Builder {
 public:
  Builder(const MachineForm& form, PageSink& sink)
      : form_(form),
        sink_(sink),
        tables_(table_base, {.keep_sees_all = form.world == World::Collapsed,
                             .private_bit = form.is_encrypted() ? sallyport::private_bit : 0}),
        put_(main_size / page_size) {
    info_.magic = sallyport::boot_magic;
    info_.version = sallyport::version;
    info_.world = form.world;
  }

  /// `keep` is placed().
  Result<Layout> build(const Program& shim, const Program& keep) {
    if (shim.position_independent || shim.segments.empty() ||
        shim.segments.front().address != sallyport::shim_start) {
      return core::error(ErrorCode::Unsupported, "the shim does not lie where shims lie");
    }
    if (shim.end() > cpuid_page) {
      return core::error(ErrorCode::Exhausted, "the shim is too large", shim.end());
    }
    if (!keep.position_independent) {
      return core::error(ErrorCode::Unsupported, "the keep's program is bound to an address");
    }
    TRY(put_shim(shim));
    TRY(put_keep(keep, shim.vdso));
    TRY(put_stack(keep));
    TRY(map_rest());
    if (form_.is_encrypted()) {
      map_messages();
      mark_missing(sallyport::user_start, sallyport::user_start + (stack_ - main_base));
      mark_missing(stack_base, sallyport::stack_end);
    }
    // SAFETY: any object may be looked at as bytes; BootInfo has no padding that is not zeroed.
    TRY(put(boot_page, {reinterpret_cast<const std::uint8_t*>(&info_), sizeof(info_)}));
    TRY(put(table_base, tables_.bytes()));
    if (form_.attested) TRY(put_start(shim));
    return Layout{shim.entry, tables_.root(), info_.pool_base};
  }

 private:
  Result<void> put(std::uint64_t physical, core::ByteView bytes) {
    note_put(physical, bytes.size());
    return sink_.put(PageKind::Normal, physical, bytes);
  }
  auto putter() {
    return [this](std::uint64_t physical, core::ByteView bytes) { return put(physical, bytes); };
  }

  /// Pages of main memory that the machine starts with.
  void note_put(std::uint64_t physical, std::uint64_t size) {
    if (physical < main_base) return;
    for (std::uint64_t at = physical; at < physical + size; at += page_size) {
      put_[(at - main_base) / page_size] = true;
    }
  }

  /// What of [start, end), which is mapped or prepared, nothing was put into.
  void mark_missing(std::uint64_t start, std::uint64_t end) {
    const std::uint64_t physical = start == stack_base ? stack_ : main_base;
    for (std::uint64_t at = start; at < end; at += page_size) {
      if (!put_[(physical + (at - start) - main_base) / page_size]) tables_.mark_missing(at);
    }
  }

  void map_messages() {
    tables_.map_page(cpuid_page, cpuid_page, Rights::Read, Owner::Shim);
    for (std::uint64_t at = 0; at < messages_size; at += page_size) {
      tables_.map_page(messages_base + at, messages_base + at, Rights::ReadWrite, Owner::Shared);
    }
  }

  Result<void> put_shim(const Program& shim) {
    for (const Segment& segment : shim.segments) {
      TRY(put_segment(putter(), segment, segment.address));
      const std::uint64_t end = page_up(segment.address + segment.memory_size);
      for (std::uint64_t at = page_down(segment.address); at < end; at += page_size) {
        tables_.map_page(at, at, segment.rights, Owner::Shim);
      }
      if (form_.attested) TRY(put_zeros(page_up(segment.address + segment.bytes.size()), end));
    }
    return {};
  }

  /// Pages that a shim needs before it can take any by itself.
  Result<void> put_zeros(std::uint64_t start, std::uint64_t end) {
    constexpr std::uint64_t most = 16 * page_size;
    if (start >= end) return {};
    const std::vector<std::uint8_t> zeros(std::min(most, end - start));
    for (; start < end; start += most) {
      TRY(sink_.put(PageKind::Zero, start,
                    core::ByteView(zeros).first(std::min(most, end - start))));
    }
    return {};
  }

  /// What only an attested machine has beside its memory.
  Result<void> put_start(const Program& shim) {
    constexpr std::array<std::uint8_t, page_size> zeros{};
    TRY(sink_.put(PageKind::Secrets, secrets_, zeros));
    TRY(sink_.put(PageKind::Cpuid, cpuid_page, zeros));
    const std::uint64_t is_private = form_.is_encrypted() ? sallyport::private_bit : 0;
    return sink_.put(PageKind::Vmsa, vmsa_address,
                     first_registers(shim.entry, tables_.root() | is_private).page());
  }

  void add_region(std::uint64_t start, std::uint64_t end, Access access) {
    info_.regions[info_.region_count++] = {start, end, access};
  }

  /// Whether [at, end) begins with a window that a large page can map.
  [[nodiscard]] bool is_whole(std::uint64_t at, std::uint64_t end) const noexcept {
    return !form_.is_encrypted() && at % window_size == 0 && end - at >= window_size;
  }
  [[nodiscard]] bool is_whole(const Program& keep, std::uint64_t window) const noexcept {
    return std::ranges::any_of(keep.segments, [&](const Segment& segment) {
      const std::uint64_t end = end_of(keep, segment);
      return segment.address <= window && window < end && is_whole(window, end);
    });
  }
  /// Where the mapping of a segment ends: a last window that it has for itself is its own to the
  /// end, so that a large page can map that as well.
  [[nodiscard]] std::uint64_t end_of(const Program& keep, const Segment& segment) const noexcept {
    const std::uint64_t end = page_up(segment.address + segment.memory_size);
    const Segment* const next = &segment + 1;
    const bool is_last = next == keep.segments.data() + keep.segments.size();
    if (form_.is_encrypted() || is_last) return end;
    const std::uint64_t window_end = window_up(end);
    const bool begins_there = page_down(segment.address) + window_size <= window_end;
    return begins_there && window_end <= page_down(next->address) ? window_end : end;
  }

  /// Pages of the keep's own memory, relative to its load address.
  void map_keep(std::uint64_t start, std::uint64_t end, Rights rights) {
    for (std::uint64_t at = start; at < end;) {
      if (is_whole(at, end)) {
        tables_.map_window(sallyport::user_start + at, main_base + at, rights, Owner::Keep);
        at += window_size;
      } else {
        tables_.map_page(sallyport::user_start + at, main_base + at, rights, Owner::Keep);
        at += page_size;
      }
    }
    add_region(sallyport::user_start + start, sallyport::user_start + end, access_of(rights));
  }

  Result<void> put_keep(const Program& keep, core::ByteView vdso) {
    // Behind a page that is not there, the vdso, and the page that it reads; then that of secrets,
    // between two that are not there.
    const std::uint64_t vdso_start = keep.end() + page_size;
    const std::uint64_t vdso_end = vdso_start + 2 * page_size;
    const std::uint64_t secrets_start = vdso_end + page_size;
    const std::uint64_t behind = vdso.empty() ? keep.end() : vdso_end;
    const std::uint64_t size = window_up(form_.attested ? secrets_start + 2 * page_size : behind);
    if (size + sallyport::stack_size + 2 * window_size > main_size) {
      return core::error(ErrorCode::Exhausted, "the keep's program is too large", size);
    }
    if (keep.segments.size() + 4 > sallyport::max_boot_regions) {
      return core::error(ErrorCode::Exhausted, "the keep's program has too many segments");
    }
    for (std::uint64_t at = 0; at < size; at += window_size) {
      if (is_whole(keep, at)) continue;
      tables_.reserve_window(sallyport::user_start + at, main_base + at);
    }
    for (const Segment& segment : keep.segments) {
      TRY(put_segment(putter(), segment, main_base + segment.address));
      map_keep(page_down(segment.address), end_of(keep, segment), segment.rights);
    }
    if (!vdso.empty()) {
      TRY(put(main_base + vdso_start, vdso));
      map_keep(vdso_start, vdso_start + page_size, Rights::ReadExecute);
      map_keep(vdso_start + page_size, vdso_end, Rights::ReadWrite);
      given_.vdso = sallyport::user_start + vdso_start;
      info_.clock_address = given_.vdso + page_size;
      const std::uint64_t entry = entry_of(vdso);
      if (entry != 0) given_.lent_call = given_.vdso + entry;
    }
    if (form_.attested) {
      map_keep(secrets_start, secrets_start + page_size, Rights::ReadWrite);
      secrets_ = main_base + secrets_start;
      note_put(secrets_, page_size);
      given_.secrets = sallyport::user_start + secrets_start;
    }
    info_.break_start = sallyport::user_start + size;
    used_ = main_base + size;
    return {};
  }

  Result<void> put_stack(const Program& keep) {
    const FirstStack stack(keep, given_);
    stack_ = used_;
    // The last window of a stack that is not there yet has a page that is.
    const std::uint64_t last = sallyport::stack_size - (form_.is_encrypted() ? window_size : 0);
    for (std::uint64_t at = 0; at < last; at += window_size) {
      tables_.map_window(stack_base + at, used_ + at, Rights::ReadWrite, Owner::Keep);
    }
    if (last != sallyport::stack_size) tables_.reserve_window(stack_base + last, used_ + last);
    for (std::uint64_t at = last; at < sallyport::stack_size; at += page_size) {
      tables_.map_page(stack_base + at, used_ + at, Rights::ReadWrite, Owner::Keep);
    }
    add_region(stack_base, sallyport::stack_end, Access::ReadWrite);
    used_ += sallyport::stack_size;
    info_.entry = sallyport::user_start + keep.entry;
    info_.stack_pointer = stack.pointer();
    info_.random_address = stack.random();
    return put(used_ - page_size, stack.page());
  }

  /// What the shim needs beside itself: boot page, block, and all memory at the direct map.
  Result<void> map_rest() {
    info_.page_table = tables_.root();
    info_.direct_offset = sallyport::direct_map;
    info_.block_address = block_base;
    info_.block_size = block_size;
    info_.pool_base = used_;
    info_.pool_size = main_base + main_size - used_;
    tables_.map_page(boot_page, boot_page, Rights::Read, Owner::Shim);
    for (std::uint64_t at = 0; at < block_size; at += page_size) {
      tables_.map_page(block_base + at, block_base + at, Rights::ReadWrite, Owner::Shared);
    }
    tables_.map_window(sallyport::direct_map + table_base, table_base, Rights::ReadWrite,
                       Owner::Shim);
    for (std::uint64_t at = main_base; at < main_base + main_size; at += window_size) {
      tables_.map_window(sallyport::direct_map + at, at, Rights::ReadWrite, Owner::Shim);
    }
    const std::uint64_t used = table_base + tables_.bytes().size();
    if (used > table_end) return core::error(ErrorCode::Exhausted, "too many page tables");
    info_.table_base = used;
    info_.table_size = table_end - used;
    return {};
  }

  MachineForm form_;
  PageSink& sink_;
  PageTables tables_;
  BootInfo info_{};
  std::vector<bool> put_;  ///< of main memory, page by page
  std::uint64_t used_ = 0;
  std::uint64_t stack_ = 0;    ///< physical
  std::uint64_t secrets_ = 0;  ///< physical
  FirstStack::Given given_;
};

}  // namespace

Program placed(Program keep, const MachineForm& form) {
  if (form.is_encrypted()) return keep;
  const auto code = std::ranges::find_if(keep.segments, [](const Segment& segment) {
    return segment.rights == Rights::ReadExecute && segment.memory_size >= window_size;
  });
  if (code == keep.segments.end()) return keep;
  const std::uint64_t start = page_down(code->address);
  const std::uint64_t distance = window_up(start) - start;
  for (Segment& segment : keep.segments) segment.address += distance;
  keep.entry += distance;
  keep.headers += distance;
  return keep;
}

Result<Layout> lay_out(const Program& shim, const Program& keep, const MachineForm& form,
                       PageSink& sink) {
  return Builder(form, sink).build(shim, placed(keep, form));
}

}  // namespace merlon::image
