#include "merlon/shim/sgx/page_book.h"

#include <algorithm>

#include "merlon/shim/linux/host.h"
#include "merlon/shim/sgx/leaves.h"

namespace merlon::shim::sgx {

using linux::page_size;

namespace {

std::uint64_t next_multiple(std::uint64_t address, std::uint64_t bits) noexcept {
  return ((address >> bits) + 1) << bits;
}
std::size_t branch_index(std::uint64_t address) noexcept { return (address >> 24U) % 512; }
std::size_t leaf_index(std::uint64_t address) noexcept { return (address >> 12U) % 4096; }

}  // namespace

PageRun PageBook::run_at(std::uint64_t address, std::uint64_t limit) const noexcept {
  PageState state = PageState::Absent;
  bool first = true;
  const auto goes_on = [&](PageState found) {
    if (first) state = found;
    first = false;
    return found == state;
  };
  while (address < limit) {
    const Branch* const branch = root_[address >> branch_bits];
    const Leaf* const leaf = branch == nullptr ? nullptr : (*branch)[branch_index(address)];
    if (leaf == nullptr) {
      if (!goes_on(PageState::Absent)) break;
      address = next_multiple(address, branch == nullptr ? branch_bits : leaf_bits);
      continue;
    }
    const std::uint64_t end = std::min(next_multiple(address, leaf_bits), limit);
    while (address < end && goes_on((*leaf)[leaf_index(address)])) address += page_size;
    if (address < end) break;
  }
  return {state, std::min(address, limit)};
}

void* PageBook::take_page() noexcept {
  if (next_ == 0) next_ = sallyport::page_book_start;
  if (next_ == sallyport::page_book_end) return nullptr;
  const std::uint64_t page = next_;
  next_ += page_size;
  if (!accept_pages({page, next_}, page_read | page_write | page_pending | page_regular)) {
    linux::give_up("a page of the enclave is not as it was asked for");
  }
  // SAFETY: the page is the enclave's own and zero: the processor says so.
  return reinterpret_cast<void*>(page);
}

PageBook::Leaf* PageBook::make_leaf(std::uint64_t address) noexcept {
  static_assert(sizeof(Leaf) == page_size && sizeof(Branch) == page_size);
  Branch*& branch = root_[address >> branch_bits];
  if (branch == nullptr) branch = static_cast<Branch*>(take_page());
  if (branch == nullptr) return nullptr;
  Leaf*& leaf = (*branch)[branch_index(address)];
  if (leaf == nullptr) leaf = static_cast<Leaf*>(take_page());
  return leaf;
}

bool PageBook::set(linux::Range range, PageState state) noexcept {
  for (std::uint64_t at = range.start; at < range.end; at += page_size) {
    Leaf* const leaf = make_leaf(at);
    if (leaf == nullptr) return false;
    (*leaf)[leaf_index(at)] = state;
  }
  return true;
}

}  // namespace merlon::shim::sgx
