#pragma once

// Where machine code lives: written first, then executable, never both at once.

#include <span>

#include "merlon/core/bytes.h"
#include "merlon/os/mapping.h"

namespace merlon::wasm {

/// Address space for a table of pointers (writable) followed by code (executable). All of it lies
/// within 2 GiB, so that code reaches everything by 32-bit displacements.
///
/// While code is being added its last page is not executable: nothing of this arena may run then.
class CodeArena {
 public:
  /// Room for `pointers` table entries and `code_bytes` of code. Errors: Exhausted.
  [[nodiscard]] static core::Result<CodeArena> create(std::size_t pointers, std::size_t code_bytes);

  /// The pointers before the code; zero at first.
  [[nodiscard]] std::span<const void*> table() noexcept;

  /// Room for `bytes` of code, 16-byte aligned and writable until seal(). Errors: Exhausted.
  [[nodiscard]] core::Result<core::ByteSpan> append(std::size_t bytes);
  /// Makes all code executable again.
  [[nodiscard]] core::Result<void> seal();

  [[nodiscard]] const std::uint8_t* code() const noexcept { return mapping_.data() + code_offset_; }
  [[nodiscard]] std::size_t code_size() const noexcept { return end_ - code_offset_; }
  [[nodiscard]] bool contains(const void* address) const noexcept {
    const auto* const byte = static_cast<const std::uint8_t*>(address);
    return byte >= code() && byte < code() + code_size();
  }

 private:
  CodeArena(os::Mapping mapping, std::size_t pointers, std::size_t code_offset)
      : mapping_(std::move(mapping)),
        pointers_(pointers),
        code_offset_(code_offset),
        end_(code_offset),
        writable_from_(code_offset),
        writable_to_(code_offset) {}

  os::Mapping mapping_;
  std::size_t pointers_;
  std::size_t code_offset_;
  std::size_t end_;
  std::size_t writable_from_;  ///< pages opened since the last seal()
  std::size_t writable_to_;
};

}  // namespace merlon::wasm
