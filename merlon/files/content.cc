#include "merlon/files/content.h"

#include <algorithm>
#include <bit>
#include <new>

namespace merlon::files {

using core::ByteSpan;
using core::ByteView;
using os::Errno;

namespace {

constexpr std::uint32_t smallest_piece = 512;

ByteSpan bytes_of(const ::iovec& buffer) noexcept {
  return {static_cast<std::uint8_t*>(buffer.iov_base), buffer.iov_len};
}

}  // namespace

Content::Content(base::Budget& budget, SharedBytes owner, ByteView bytes) noexcept
    : budget_(budget), owner_(std::move(owner)), borrowed_(bytes), size_(bytes.size()) {}

Content::~Content() {
  for (const auto& [index, piece] : pieces_) budget_.give_back(piece.capacity);
}

ByteView Content::borrowed(std::uint64_t offset, std::uint64_t size) const noexcept {
  if (offset >= borrowed_.size()) return {};
  return borrowed_.subspan(offset, std::min<std::uint64_t>(size, borrowed_.size() - offset));
}

std::size_t Content::read_in_piece(std::uint64_t offset, ByteSpan into) const {
  const std::uint64_t within = offset % piece_size;
  const ByteSpan target = into.first(std::min<std::uint64_t>(into.size(), piece_size - within));
  ByteView from;
  const auto found = pieces_.find(offset / piece_size);
  if (found == pieces_.end()) {
    from = borrowed(offset, target.size());
  } else if (within < found->second.capacity) {
    from = ByteView(found->second.bytes.get(), found->second.capacity).subspan(within);
    from = from.first(std::min(from.size(), target.size()));
  }
  std::ranges::copy(from, target.begin());
  std::ranges::fill(target.subspan(from.size()), std::uint8_t{0});
  return target.size();
}

std::size_t Content::read(std::uint64_t offset, ByteSpan into) const {
  if (offset >= size_) return 0;
  into = into.first(std::min<std::uint64_t>(into.size(), size_ - offset));
  std::size_t done = 0;
  while (done < into.size()) done += read_in_piece(offset + done, into.subspan(done));
  return done;
}

std::size_t Content::read(std::uint64_t offset, os::IoVectors into) const {
  std::size_t done = 0;
  for (const ::iovec& buffer : into) {
    const std::size_t size = read(offset + done, bytes_of(buffer));
    done += size;
    if (size < buffer.iov_len) break;
  }
  return done;
}

bool Content::enlarge(Piece& piece, std::uint32_t needed) {
  if (needed <= piece.capacity) return true;
  const std::uint32_t capacity = std::max(std::bit_ceil(needed), smallest_piece);
  const std::uint32_t more = capacity - piece.capacity;
  if (!budget_.take(more)) return false;
  // Whether this much memory is there is for the machine to say, not only for the budget.
  std::unique_ptr<std::uint8_t[]> bytes(new (std::nothrow) std::uint8_t[capacity]());
  if (!bytes) {
    budget_.give_back(more);
    return false;
  }
  std::copy_n(piece.bytes.get(), piece.capacity, bytes.get());
  piece.bytes = std::move(bytes);
  piece.capacity = capacity;
  return true;
}

Content::Piece* Content::writable(std::uint64_t index, std::uint32_t needed) {
  const auto found = pieces_.find(index);
  if (found != pieces_.end()) return enlarge(found->second, needed) ? &found->second : nullptr;
  const ByteView before = borrowed(index * piece_size, piece_size);
  Piece piece;
  if (!enlarge(piece, std::max(needed, static_cast<std::uint32_t>(before.size())))) return nullptr;
  std::ranges::copy(before, piece.bytes.get());
  return &pieces_.emplace(index, std::move(piece)).first->second;
}

bool Content::write_in_piece(std::uint64_t offset, ByteView from) {
  const std::uint64_t within = offset % piece_size;
  Piece* const piece =
      writable(offset / piece_size, static_cast<std::uint32_t>(within + from.size()));
  if (piece == nullptr) return false;
  std::ranges::copy(from, piece->bytes.get() + within);
  size_ = std::max(size_, offset + from.size());
  return true;
}

os::Result<std::size_t> Content::write(std::uint64_t offset, ByteView from) {
  if (from.empty()) return std::size_t{0};
  if (offset >= max_size) return Errno::Fbig;
  from = from.first(std::min<std::uint64_t>(from.size(), max_size - offset));
  std::size_t done = 0;
  while (done < from.size()) {
    const std::uint64_t at = offset + done;
    const std::size_t size =
        std::min<std::uint64_t>(from.size() - done, piece_size - at % piece_size);
    if (!write_in_piece(at, from.subspan(done, size))) break;
    done += size;
  }
  if (done == 0) return Errno::Nospc;
  return done;
}

os::Result<std::size_t> Content::write(std::uint64_t offset, os::IoVectors from) {
  std::size_t done = 0;
  for (const ::iovec& buffer : from) {
    const auto size = write(offset + done, bytes_of(buffer));
    if (!size && done == 0) return size.error();
    if (!size) break;
    done += *size;
    if (*size < buffer.iov_len) break;
  }
  return done;
}

void Content::forget_behind(std::uint64_t size) {
  borrowed_ = borrowed(0, size);
  const std::uint64_t first_gone = (size + piece_size - 1) / piece_size;
  for (auto at = pieces_.lower_bound(first_gone); at != pieces_.end(); at = pieces_.erase(at)) {
    budget_.give_back(at->second.capacity);
  }
  const auto last = pieces_.find(size / piece_size);
  if (last == pieces_.end()) return;
  // What grows back here is zeros.
  Piece& piece = last->second;
  const auto within = static_cast<std::uint32_t>(size % piece_size);
  if (within < piece.capacity) {
    std::fill(piece.bytes.get() + within, piece.bytes.get() + piece.capacity, std::uint8_t{0});
  }
}

os::Result<void> Content::resize(std::uint64_t size) {
  if (size > max_size) return Errno::Fbig;
  if (size < size_) forget_behind(size);
  size_ = size;
  return {};
}

os::Result<void> Content::allocate(std::uint64_t offset, std::uint64_t size) {
  if (offset > max_size || size > max_size - offset) return Errno::Fbig;
  const std::uint64_t end = offset + size;
  // What cannot be had whole is not begun.
  if (!budget_.take(size)) return Errno::Nospc;
  budget_.give_back(size);
  for (std::uint64_t at = offset / piece_size; at * piece_size < end; ++at) {
    const std::uint64_t needed = std::min(piece_size, end - at * piece_size);
    if (writable(at, static_cast<std::uint32_t>(needed)) == nullptr) return Errno::Nospc;
  }
  size_ = std::max(size_, end);
  return {};
}

}  // namespace merlon::files
