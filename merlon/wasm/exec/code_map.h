#pragma once

// From machine addresses back to wasm: which function, which instruction, how large a frame.

#include <optional>
#include <vector>

#include "merlon/wasm/exec/compiler.h"

namespace merlon::wasm {

/// What is known of one compiled function.
struct CodeRecord {
  std::uint32_t begin = 0;  ///< offsets in the arena's code
  std::uint32_t end = 0;
  FuncIndex function = 0;
  std::uint32_t frame_size = 0;
  std::uint32_t sites = 0;  ///< where its packed sites start
  std::uint32_t wasm = 0;   ///< wasm offset that the first site counts from
  std::int32_t tries = -1;  ///< index into try_tables, or none
};

struct TryTable {
  std::vector<TryRegion> regions;
  std::vector<TryCall> calls;
};

/// Functions in order of address. Sites are packed to about four bytes each, since a large module
/// has millions of them; they are unpacked only after a trap. Lookups allocate nothing, so a
/// signal handler may make them.
class CodeMap {
 public:
  /// `begin` must not lie below any earlier one.
  void add(std::uint32_t begin, FuncIndex function, std::uint32_t wasm, const FunctionCode& code);

  [[nodiscard]] const CodeRecord* find(std::size_t offset) const noexcept;
  /// The site at exactly `offset`; its `code` is an offset in the arena. A return address may also
  /// be that of an instruction that traps: `returns` tells which of the two is meant.
  [[nodiscard]] std::optional<CodeSite> site(const CodeRecord& record, std::size_t offset,
                                             bool returns) const noexcept;
  [[nodiscard]] const TryTable* tries(const CodeRecord& record) const noexcept {
    return record.tries < 0 ? nullptr : &try_tables_[static_cast<std::size_t>(record.tries)];
  }
  [[nodiscard]] std::size_t bytes() const noexcept {
    return packed_.size() + records_.size() * sizeof(CodeRecord);
  }

 private:
  std::vector<CodeRecord> records_;
  std::vector<std::uint8_t> packed_;
  std::vector<TryTable> try_tables_;
};

}  // namespace merlon::wasm
