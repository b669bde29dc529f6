#pragma once

// The exceptions of a store, and how those that nobody holds any more are freed.
//
// References to them are plain pointers, in compiled code too. So that no code has to count or to
// report them, they are collected by looking: every place where a guest's reference can be is
// searched for words that are the address of an exception. These places are the stack between the
// collector and the outermost entry into the guest, the registers that callees keep,
// VmContext::arguments, globals and tables of exception references, and the values of exceptions
// that were found. Nothing moves, so a word that looks like a reference and is none does no more
// harm than to keep one exception. Compiled code never hides a pointer: it holds references whole,
// in eight-byte slots of its frame or in general registers, and across a call only in the frame and
// in registers that callees keep.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "merlon/wasm/exec/budget.h"
#include "merlon/wasm/exec/vm.h"

namespace merlon::wasm {

struct TagInstance;

/// An exception [WASM 3.0 §4.2.16].
struct Exception {
  const TagInstance* tag = nullptr;
  std::vector<Slot> values;
  bool reached = false;  ///< while collecting
  bool kept = false;     ///< the embedder has it: it stays as long as the store
};

/// Owns them. Collecting is the store's business, which knows where to look.
class ExceptionHeap {
 public:
  /// A collection becomes due when `step` bytes were made since the last, or as many as were left.
  ExceptionHeap(MemoryBudget& budget, std::uint64_t step) noexcept
      : budget_(budget), step_(step), due_at_(step) {}

  [[nodiscard]] bool is_due() const noexcept { return bytes_ >= due_at_; }
  /// Null if the budget does not allow it.
  [[nodiscard]] Exception* make(const TagInstance& tag, std::span<const Slot> values);

  /// One collection: look at every word that may be a reference, then free the others.
  class Collection {
   public:
    explicit Collection(ExceptionHeap& heap);
    Collection(const Collection&) = delete;
    Collection& operator=(const Collection&) = delete;
    ~Collection();

    void look_at(std::uint64_t word);
    /// All words of this thread's stack below `top`, and its registers.
    void look_at_stack(std::uintptr_t top);

   private:
    ExceptionHeap& heap_;
    std::uint64_t looked_at_ = 0;
    std::vector<const Exception*> found_;  ///< whose values are still to be looked at
  };

 private:
  MemoryBudget& budget_;
  std::uint64_t step_;
  std::uint64_t due_at_;
  std::uint64_t bytes_ = 0;
  std::vector<std::unique_ptr<Exception>> all_;
};

}  // namespace merlon::wasm
