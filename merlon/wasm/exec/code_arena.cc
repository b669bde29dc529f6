#include "merlon/wasm/exec/code_arena.h"

#include <algorithm>

namespace merlon::wasm {

namespace {

constexpr std::size_t two_gib = std::size_t{1} << 31U;
/// Opening more than is needed at once saves system calls when many functions are added.
constexpr std::size_t window = std::size_t{1} << 18U;

std::size_t round_up(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace

core::Result<CodeArena> CodeArena::create(std::size_t pointers, std::size_t code_bytes) {
  const std::size_t table_bytes = round_up(pointers * sizeof(void*), os::host_page_size);
  const std::size_t total = table_bytes + round_up(code_bytes, os::host_page_size);
  if (total >= two_gib) {
    return core::error(core::ErrorCode::Exhausted, "the module's code would exceed 2 GiB");
  }
  os::Mapping mapping = TRY(os::Mapping::reserve(total));
  TRY(mapping.protect(0, table_bytes, os::Protection::ReadWrite));
  return CodeArena(std::move(mapping), pointers, table_bytes);
}

std::span<const void*> CodeArena::table() noexcept {
  // SAFETY: the mapping starts with `pointers_` zeroed words, which are null pointers.
  return {reinterpret_cast<const void**>(mapping_.data()), pointers_};
}

core::Result<core::ByteSpan> CodeArena::append(std::size_t bytes) {
  const std::size_t begin = round_up(end_, 16);
  if (bytes > mapping_.size() - begin) {
    return core::error(core::ErrorCode::Exhausted, "the module's code would exceed 2 GiB");
  }
  if (begin + bytes > writable_to_) {
    const std::size_t from = std::max(writable_to_, begin & ~(os::host_page_size - 1));
    const bool more = writable_to_ > writable_from_;
    std::size_t to = round_up(begin + bytes, os::host_page_size);
    if (more) to = std::min(std::max(to, from + window), mapping_.size());
    TRY(mapping_.protect(from, to - from, os::Protection::ReadWrite));
    if (!more) writable_from_ = from;
    writable_to_ = to;
  }
  end_ = begin + bytes;
  return core::ByteSpan(mapping_.data() + begin, bytes);
}

core::Result<void> CodeArena::seal() {
  if (writable_to_ == writable_from_) return {};
  TRY(mapping_.protect(writable_from_, writable_to_ - writable_from_, os::Protection::ReadExecute));
  writable_from_ = writable_to_ = end_;
  return {};
}

}  // namespace merlon::wasm
