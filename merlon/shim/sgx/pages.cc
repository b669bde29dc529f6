#include "merlon/shim/sgx/pages.h"

#include <algorithm>

#include "merlon/shim/linux/host.h"
#include "merlon/shim/sgx/leaves.h"

namespace merlon::shim::sgx {

using linux::Access;
using linux::page_size;
using linux::Range;
using sallyport::Call;
using sallyport::PageChange;

namespace {

/// So much is taken at once where a page is first used: each fault costs two trips out of the
/// enclave. Who goes on where that ended gets a block of twice the size, until it is the most; a
/// block begins at a multiple of its size, so that a host can map the largest by one large page.
/// What is large gets such blocks from the first on, as by Linux memory that asks for large pages.
constexpr std::uint64_t least_at_once = 16 * page_size;
constexpr std::uint64_t most_at_once = 512 * page_size;
constexpr std::uint64_t large_region = 2 * most_at_once;

std::uint64_t page_down(std::uint64_t value) noexcept { return value & ~(page_size - 1); }

Access access_of(PageState state) noexcept {
  switch (state) {
    case PageState::Absent:
    case PageState::None: return Access::None;
    case PageState::Read: return Access::Read;
    case PageState::ReadWrite: return Access::ReadWrite;
    case PageState::ReadExecute: return Access::ReadExecute;
  }
  return Access::None;
}

bool ask_change(Range range, PageChange change, Access access = Access::None) noexcept {
  return linux::ask(Call::ChangePages,
                    {range.start, range.size(), static_cast<std::uint64_t>(change),
                     static_cast<std::uint64_t>(access)}) == 0;
}

/// Whoever gave the enclave another page than it asked for has tried to swap one.
void accept(Range range, std::uint64_t flags) noexcept {
  if (!accept_pages(range, flags)) {
    linux::give_up("a page of the enclave is not as it was asked for");
  }
}

void extend(Range range, std::uint64_t rights) noexcept {
  for (std::uint64_t at = range.start; at < range.end; at += page_size) {
    extend_page(at, rights | page_regular);
  }
}

}  // namespace

template <typename Function>
bool Pages::for_each_there(Range range, const Function& function) noexcept {
  for (std::uint64_t at = range.start; at < range.end;) {
    const PageRun run = book_.run_at(at, range.end);
    if (run.state != PageState::Absent && !function(Range{at, run.end}, run.state)) return false;
    at = run.end;
  }
  return true;
}

void Pages::begin(const sallyport::BootInfo& boot, const linux::Ledger& ledger) noexcept {
  ledger_ = &ledger;
  const Range absent{boot.pool_base, boot.pool_base + boot.pool_size};
  for (std::size_t i = 0; i < boot.region_count && i < sallyport::max_boot_regions; ++i) {
    const sallyport::BootRegion& region = boot.regions[i];
    const std::uint64_t start = region.start == absent.start ? absent.end : region.start;
    if (!book_.set({start, region.end}, state_of(region.access))) {
      linux::give_up("the enclave has no room to remember its pages");
    }
  }
}

bool Pages::change(Range range, PageState from, Access to) noexcept {
  const std::uint64_t had = rights_of(access_of(from));
  const std::uint64_t wanted = rights_of(to);
  std::uint64_t kept = had & wanted;
  if (kept != had) {
    // What can be written and executed at once is nobody's: rights go before others come.
    const Access restricted = kept == page_read ? Access::Read : Access::None;
    if (!ask_change(range, PageChange::Restrict, restricted)) return false;
    accept(range, kept | page_regular | page_restricted);
  }
  if (wanted != kept) extend(range, wanted);
  return book_.set(range, state_of(to));
}

bool Pages::give(Range range, Access access) noexcept {
  const auto change_there = [&] {
    return for_each_there(range, [&](Range run, PageState state) {
      return state == state_of(access) || change(run, state, access);
    });
  };
  // A page that is to change must be mapped; one that nobody may use must not come by itself.
  if (access != Access::None) {
    return ask_change(range, PageChange::Reach, access) && change_there();
  }
  if (!ledger_->has_access(range)) return true;  // a reservation
  return change_there() && ask_change(range, PageChange::Reach, Access::None);
}

void Pages::take(Range range) noexcept {
  const bool done = for_each_there(range, [&](Range run, PageState /*state*/) {
    if (!ask_change(run, PageChange::Reach, Access::Read) || !ask_change(run, PageChange::Trim)) {
      return false;
    }
    accept(run, page_trimmed | page_modified);
    return ask_change(run, PageChange::Remove) && book_.set(run, PageState::Absent);
  });
  if (!done || !ask_change(range, PageChange::Reach, Access::None)) {
    linux::give_up("the host does not take back pages of the enclave");
  }
}

bool Pages::add(Range range, Access access) noexcept {
  // Noted first: what came once does not come again, whatever happens meanwhile.
  if (!book_.set(range, PageState::ReadWrite)) return false;
  accept(range, page_read | page_write | page_pending | page_regular);
  return access == Access::ReadWrite || change(range, PageState::ReadWrite, access);
}

std::uint64_t Pages::next_block(std::uint64_t page, Range region) const noexcept {
  if (region.size() >= large_region) return most_at_once;
  return page == came_to_ ? std::min(2 * at_once_, most_at_once) : least_at_once;
}

bool Pages::take_missing(std::uint64_t address) noexcept {
  const std::uint64_t page = page_down(address);
  const auto region = ledger_->find(page);
  if (!region || region->access == Access::None) return false;
  if (book_.run_at(page, page + page_size).state != PageState::Absent) return false;
  at_once_ = next_block(page, region->range);
  const std::uint64_t around = page & ~(at_once_ - 1);
  const std::uint64_t limit = std::min(around + at_once_, region->range.end);
  std::uint64_t start = page;
  while (start > std::max(around, region->range.start) &&
         book_.run_at(start - page_size, start).state == PageState::Absent) {
    start -= page_size;
  }
  came_to_ = book_.run_at(page, limit).end;
  return add({start, came_to_}, region->access);
}

bool Pages::has(std::uint64_t address, std::uint32_t error) const noexcept {
  constexpr std::uint32_t writes = 1U << 1U, fetches = 1U << 4U;
  if (address >= sallyport::enclave_size) return false;
  const std::uint64_t page = page_down(address);
  const PageState state = book_.run_at(page, page + page_size).state;
  if ((error & writes) != 0) return state == PageState::ReadWrite;
  if ((error & fetches) != 0) return state == PageState::ReadExecute;
  return state != PageState::Absent && state != PageState::None;
}

bool Pages::reach(std::uint64_t address, std::uint64_t size) noexcept {
  if (size == 0) return true;
  const std::uint64_t end = address + size;
  for (std::uint64_t at = page_down(address); at < end;) {
    const std::uint64_t limit = page_down(end - 1) + page_size;
    const PageRun run = book_.run_at(at, limit);
    if (run.state == PageState::Absent) {
      if (!take_missing(at)) return false;
      continue;
    }
    at = run.end;
  }
  return true;
}

}  // namespace merlon::shim::sgx
