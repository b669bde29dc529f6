#include "merlon/image/enclave_layout.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "merlon/image/first_stack.h"
#include "merlon/sallyport/block.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::image {

using core::ErrorCode;
using core::Result;
using sallyport::Access;
using sallyport::BootInfo;

namespace {

constexpr std::uint64_t window = std::uint64_t{2} << 20U;

std::uint64_t page_down(std::uint64_t value) noexcept { return value & ~(page_size - 1); }
std::uint64_t page_up(std::uint64_t value) noexcept { return page_down(value + page_size - 1); }

struct Kind {
  EnclavePage page;
  Access access;
};
Kind kind_of(Rights rights) noexcept {
  switch (rights) {
    case Rights::Read: return {EnclavePage::Read, Access::Read};
    case Rights::ReadWrite: return {EnclavePage::ReadWrite, Access::ReadWrite};
    case Rights::ReadExecute: return {EnclavePage::ReadExecute, Access::ReadExecute};
  }
  return {EnclavePage::Read, Access::Read};
}

/// TCS [SDM vol. 3D, "TCS"]: where the enclave is entered, and where interrupted state goes.
std::array<std::uint8_t, page_size> thread_control(std::uint64_t entry) noexcept {
  constexpr std::size_t saved_state_at = 16, frames_at = 28, entry_at = 32, limits_at = 64;
  constexpr std::uint64_t saved_state = sallyport::saved_state_pages - sallyport::enclave_base;
  constexpr auto frames = static_cast<std::uint32_t>(sallyport::saved_state_frames);
  constexpr std::uint64_t no_limit = ~std::uint64_t{0};  // FSLIMIT, GSLIMIT: of 32-bit code
  std::array<std::uint8_t, page_size> page{};
  std::memcpy(page.data() + saved_state_at, &saved_state, sizeof(saved_state));
  std::memcpy(page.data() + frames_at, &frames, sizeof(frames));
  std::memcpy(page.data() + entry_at, &entry, sizeof(entry));
  std::memcpy(page.data() + limits_at, &no_limit, sizeof(no_limit));
  return page;
}

class Builder {
 public:
  explicit Builder(EnclaveSink& sink) noexcept : sink_(sink) {
    info_.magic = sallyport::boot_magic;
    info_.version = sallyport::version;
    info_.world = sallyport::World::Enclave;
    info_.block_address = sallyport::enclave_block;
    info_.block_size = sallyport::enclave_block_size;
  }

  Result<EnclaveLayout> build(const Program& shim, const Program& keep) {
    if (shim.position_independent || shim.segments.empty() ||
        shim.segments.front().address != sallyport::shim_start) {
      return core::error(ErrorCode::Unsupported, "the shim does not lie where shims lie");
    }
    if (shim.end() + page_size > sallyport::thread_control_page) {
      return core::error(ErrorCode::Exhausted, "the shim is too large", shim.end());
    }
    if (!keep.position_independent) {
      return core::error(ErrorCode::Unsupported, "the keep's program is bound to an address");
    }
    for (const Segment& segment : shim.segments) TRY(add_segment(segment, 0));
    TRY(add(EnclavePage::ThreadControl, sallyport::thread_control_page,
            thread_control(shim.entry - sallyport::enclave_base), page_size));
    TRY(add(EnclavePage::ReadWrite, sallyport::saved_state_pages, {},
            sallyport::saved_state_frames * page_size));
    TRY(add_keep(keep, shim.vdso));
    TRY(add_stack(keep));
    // SAFETY: any object may be looked at as bytes; BootInfo has no padding that is not zeroed.
    TRY(add(EnclavePage::Read, sallyport::enclave_boot_page,
            {reinterpret_cast<const std::uint8_t*>(&info_), sizeof(info_)}, page_size));
    return EnclaveLayout{pages_};
  }

 private:
  Result<void> add(EnclavePage page, std::uint64_t address, core::ByteView bytes,
                   std::uint64_t size) {
    pages_ += size / page_size;
    return sink_.add(page, address - sallyport::enclave_base, bytes, size);
  }

  Result<void> add_segment(const Segment& segment, std::uint64_t base) {
    const std::uint64_t start = page_down(base + segment.address);
    const std::uint64_t size = page_up(base + segment.address + segment.memory_size) - start;
    const std::uint64_t lead = segment.address % page_size;
    const EnclavePage page = kind_of(segment.rights).page;
    if (lead == 0) return add(page, start, segment.bytes, size);
    std::vector<std::uint8_t> bytes(lead + segment.bytes.size());
    std::ranges::copy(segment.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(lead));
    return add(page, start, bytes, size);
  }

  void add_region(std::uint64_t start, std::uint64_t end, Access access) {
    info_.regions[info_.region_count++] = {start, end, access};
  }

  Result<void> add_keep(const Program& keep, core::ByteView vdso) {
    if (keep.segments.size() + 4 > sallyport::max_boot_regions) {
      return core::error(ErrorCode::Exhausted, "the keep's program has too many segments");
    }
    constexpr std::uint64_t base = sallyport::user_start;
    for (const Segment& segment : keep.segments) {
      TRY(add_segment(segment, base));
      add_region(page_down(base + segment.address),
                 page_up(base + segment.address + segment.memory_size),
                 kind_of(segment.rights).access);
    }
    // Behind a page that is not there, the vdso, and the page that it reads.
    const std::uint64_t vdso_start = base + keep.end() + page_size;
    if (!vdso.empty()) {
      TRY(add(EnclavePage::ReadExecute, vdso_start, vdso, page_size));
      TRY(add(EnclavePage::ReadWrite, vdso_start + page_size, {}, page_size));
      add_region(vdso_start, vdso_start + page_size, Access::ReadExecute);
      add_region(vdso_start + page_size, vdso_start + 2 * page_size, Access::ReadWrite);
      given_.vdso = vdso_start;
      info_.clock_address = vdso_start + page_size;
      if (const std::uint64_t entry = entry_of(vdso); entry != 0) {
        given_.lent_call = vdso_start + entry;
      }
    }
    info_.break_start = (vdso_start + 3 * page_size + window - 1) & ~(window - 1);
    return {};
  }

  /// Of the stack the last page; the shim takes the others when they are used.
  Result<void> add_stack(const Program& keep) {
    given_.is_enclave = true;
    const FirstStack stack(keep, given_);
    constexpr std::uint64_t last = sallyport::stack_end - page_size;
    add_region(sallyport::stack_end - sallyport::stack_size, sallyport::stack_end,
               Access::ReadWrite);
    info_.pool_base = sallyport::stack_end - sallyport::stack_size;
    info_.pool_size = sallyport::stack_size - page_size;
    info_.entry = sallyport::user_start + keep.entry;
    info_.stack_pointer = stack.pointer();
    info_.random_address = stack.random();
    return add(EnclavePage::ReadWrite, last, stack.page(), page_size);
  }

  EnclaveSink& sink_;
  BootInfo info_{};
  FirstStack::Given given_;
  std::uint64_t pages_ = 0;
};

}  // namespace

Result<EnclaveLayout> lay_out_enclave(const Program& shim, const Program& keep, EnclaveSink& sink) {
  return Builder(sink).build(shim, keep);
}

}  // namespace merlon::image
