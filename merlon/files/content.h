#pragma once

// The bytes of one file: what a package brought, which is borrowed, and what was written since,
// in pieces of our own. Places that nobody wrote read as zeros and take no memory.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "merlon/base/budget.h"
#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"
#include "merlon/os/file.h"

namespace merlon::files {

/// Bytes that several files borrow from, and that live as long as any of them.
using SharedBytes = std::shared_ptr<const std::vector<std::uint8_t>>;

class Content {
 public:
  /// Of files, as of offsets in them.
  static constexpr std::uint64_t max_size = INT64_MAX;

  /// Empty. `budget` outlives it.
  explicit Content(base::Budget& budget) noexcept : budget_(budget) {}
  /// `bytes` is within `owner`.
  Content(base::Budget& budget, SharedBytes owner, core::ByteView bytes) noexcept;
  ~Content();
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// How much there was from `offset` on; 0 at the end.
  [[nodiscard]] std::size_t read(std::uint64_t offset, core::ByteSpan into) const;
  [[nodiscard]] std::size_t read(std::uint64_t offset, os::IoVectors into) const;

  /// As much as there is room for, which is all of it or an error if it is nothing.
  /// Errors: Nospc (the budget) · Fbig (beyond max_size).
  [[nodiscard]] os::Result<std::size_t> write(std::uint64_t offset, os::IoVectors from);
  [[nodiscard]] os::Result<std::size_t> write(std::uint64_t offset, core::ByteView from);

  /// Cuts it, or lets it end with zeros. Errors: Fbig.
  [[nodiscard]] os::Result<void> resize(std::uint64_t size);
  /// Afterwards a write there does not lack room. Errors: Nospc · Fbig.
  [[nodiscard]] os::Result<void> allocate(std::uint64_t offset, std::uint64_t size);

 private:
  static constexpr std::uint64_t piece_size = std::uint64_t{64} * 1024;

  /// Bytes of one place of piece_size bytes; behind its end it is zeros.
  struct Piece {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::uint32_t capacity = 0;
  };

  [[nodiscard]] std::size_t read_in_piece(std::uint64_t offset, core::ByteSpan into) const;
  [[nodiscard]] bool write_in_piece(std::uint64_t offset, core::ByteView from);
  /// Null without room. Its first `needed` bytes can be written afterwards.
  [[nodiscard]] Piece* writable(std::uint64_t index, std::uint32_t needed);
  [[nodiscard]] bool enlarge(Piece& piece, std::uint32_t needed);
  void forget_behind(std::uint64_t size);
  [[nodiscard]] core::ByteView borrowed(std::uint64_t offset, std::uint64_t size) const noexcept;

  base::Budget& budget_;
  SharedBytes owner_;
  core::ByteView borrowed_;  ///< counts where there is no piece
  std::uint64_t size_ = 0;
  std::map<std::uint64_t, Piece> pieces_;  ///< by offset / piece_size
};

}  // namespace merlon::files
