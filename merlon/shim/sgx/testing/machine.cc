#include "merlon/shim/sgx/testing/machine.h"

#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>

namespace merlon::shim::sgx {
namespace testing {
namespace {

Machine* current = nullptr;
constexpr std::uint64_t rights_mask = 7;
constexpr std::size_t book_size = sallyport::page_book_end - sallyport::page_book_start;

}  // namespace

Machine::Machine() {
  current = this;
  linux_.host = [this](const linux::testing::Asked& asked) { return change(asked); };
  linux_.give = [this](linux::Range range, linux::Access access) {
    return pages_.give(range, access);
  };
  linux_.take = [this](linux::Range range) { pages_.take(range); };
  void* const book =
      ::mmap(reinterpret_cast<void*>(sallyport::page_book_start), book_size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
  if (book == MAP_FAILED) {
    std::fputs("test machine: the page book's addresses are not free\n", stderr);
    std::abort();
  }
}

Machine::~Machine() {
  ::munmap(reinterpret_cast<void*>(sallyport::page_book_start), book_size);
  current = nullptr;
}

std::optional<std::uint64_t> Machine::rights(std::uint64_t page) const {
  const auto found = there_.find(page);
  if (found == there_.end()) return std::nullopt;
  return found->second.flags & rights_mask;
}

void Machine::note(std::uint64_t flags) {
  if ((flags & page_write) != 0 && (flags & page_execute) != 0) was_writable_and_executable = true;
}

bool Machine::accept(std::uint64_t address, std::uint64_t flags) {
  ++accepted;
  // The kernel adds a page that is wanted.
  const auto found =
      there_.try_emplace(address, Page{page_read | page_write | page_pending | page_regular}).first;
  constexpr std::uint64_t waiting = page_pending | page_modified | page_restricted;
  if ((found->second.flags & waiting) == 0 || found->second.flags != flags) return false;
  found->second.flags &= ~waiting;
  return true;
}

void Machine::extend(std::uint64_t address, std::uint64_t flags) {
  std::uint64_t& now = there_.at(address).flags;
  now |= flags & rights_mask;
  note(now);
}

linux::testing::Reply Machine::change(const linux::testing::Asked& asked) {
  using sallyport::PageChange;
  if (asked.call != sallyport::Call::ChangePages) return {};
  const auto what = static_cast<PageChange>(asked.arguments[2]);
  const std::uint64_t end = asked.arguments[0] + asked.arguments[1];
  if (what == refuses) return {-1, {}};
  if (what == PageChange::Reach) return {};
  for (std::uint64_t at = asked.arguments[0]; at < end; at += linux::page_size) {
    if (lies && lies(at, what)) continue;
    Page& page = there_.at(at);
    switch (what) {
      case PageChange::Reach: break;
      case PageChange::Restrict:
        page.flags &= ~rights_mask | rights_of(static_cast<sallyport::Access>(asked.arguments[3]));
        page.flags |= page_restricted;
        break;
      case PageChange::Trim: page.flags = page_trimmed | page_modified; break;
      case PageChange::Remove:
        if (page.flags != page_trimmed) return {-1, {}};
        there_.erase(at);
        break;
    }
  }
  return {};
}

}  // namespace testing

bool accept_pages(linux::Range pages, std::uint64_t flags) noexcept {
  for (std::uint64_t at = pages.start; at < pages.end; at += linux::page_size) {
    if (!testing::current->accept(at, flags)) return false;
  }
  return true;
}
void extend_page(std::uint64_t address, std::uint64_t flags) noexcept {
  testing::current->extend(address, flags);
}
Pages& pages() noexcept { return testing::current->pages(); }

}  // namespace merlon::shim::sgx
