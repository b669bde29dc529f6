#include "merlon/wasm/exec/exceptions.h"

#include <algorithm>
#include <array>

namespace merlon::wasm {

namespace {

/// With what an allocator adds, twice.
std::uint64_t size_of(const Exception& exception) noexcept {
  return sizeof(Exception) + sizeof(void*) + 32 + exception.values.size() * sizeof(Slot);
}

std::uint64_t address_of(const std::unique_ptr<Exception>& exception) noexcept {
  // SAFETY: only compared with words that may be references.
  return reinterpret_cast<std::uint64_t>(exception.get());
}

}  // namespace

Exception* ExceptionHeap::make(const TagInstance& tag, std::span<const Slot> values) {
  auto made = std::make_unique<Exception>(Exception{&tag, {values.begin(), values.end()}});
  if (!budget_.take_records(size_of(*made))) return nullptr;
  bytes_ += size_of(*made);
  all_.push_back(std::move(made));
  return all_.back().get();
}

ExceptionHeap::Collection::Collection(ExceptionHeap& heap) : heap_(heap) {
  std::ranges::sort(heap_.all_, {}, address_of);
  for (const auto& exception : heap_.all_) {
    exception->reached = exception->kept;
    if (exception->kept) found_.push_back(exception.get());
  }
}

void ExceptionHeap::Collection::look_at(std::uint64_t word) {
  ++looked_at_;
  const auto& all = heap_.all_;
  if (all.empty() || word < address_of(all.front()) || word > address_of(all.back())) return;
  const auto found = std::ranges::lower_bound(all, word, {}, address_of);
  if (address_of(*found) != word || (*found)->reached) return;
  (*found)->reached = true;
  found_.push_back(found->get());
}

// The words below the frames that are alive now are searched too, and those between variables,
// which a sanitizer does not like to see read.
[[gnu::no_sanitize("address"), gnu::noinline]] void ExceptionHeap::Collection::look_at_stack(
    std::uintptr_t top) {
  std::array<std::uint64_t, 6> registers{};
  const std::uint64_t* word = nullptr;
  // SAFETY: reads registers only. What callees keep is in these or in a frame above rsp.
  asm volatile(
      "movq %%rbx, 0(%1)\n\tmovq %%rbp, 8(%1)\n\tmovq %%r12, 16(%1)\n\t"
      "movq %%r13, 24(%1)\n\tmovq %%r14, 32(%1)\n\tmovq %%r15, 40(%1)\n\t"
      "movq %%rsp, %0"
      : "=&r"(word)
      : "r"(registers.data())
      : "memory");
  for (const std::uint64_t kept : registers) look_at(kept);
  // SAFETY: the stack is mapped from rsp up to `top`, which is the address of a frame above.
  for (; word < reinterpret_cast<const std::uint64_t*>(top); ++word) look_at(*word);
}

ExceptionHeap::Collection::~Collection() {
  while (!found_.empty()) {
    const Exception* const exception = found_.back();
    found_.pop_back();
    for (const Slot& value : exception->values) look_at(value.low);
  }
  const auto unreached = [this](const std::unique_ptr<Exception>& exception) {
    if (exception->reached) return false;
    heap_.budget_.give_back_records(size_of(*exception));
    heap_.bytes_ -= size_of(*exception);
    return true;
  };
  std::erase_if(heap_.all_, unreached);
  // Looking costs as much as what was looked at: as much is to be made before the next time.
  heap_.due_at_ =
      heap_.step_ == 0 ? 0 : heap_.bytes_ + std::max({heap_.step_, heap_.bytes_, looked_at_ * 8});
}

}  // namespace merlon::wasm
