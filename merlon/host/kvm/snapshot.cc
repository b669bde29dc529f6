#include "merlon/host/kvm/snapshot.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include <sys/stat.h>
#include <unistd.h>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"

namespace merlon::host::kvm {

using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::string_view magic = "MRLNSNAP";
constexpr std::uint32_t version = 1;
constexpr std::size_t fixed_size = 16;
constexpr std::uint64_t largest = std::uint64_t{1} << 46U;  // half of the address space
/// To map one run more costs about as much as to copy so many pages.
constexpr std::uint64_t gap = std::uint64_t{32} * snapshot_page;
constexpr std::size_t max_leaves = 256;
constexpr std::size_t max_registers = 16;

constexpr std::uint64_t whole_pages(std::uint64_t size) noexcept {
  return (size + snapshot_page - 1) & ~std::uint64_t{snapshot_page - 1};
}

/// The kernel's own structures are handed on as they are.
template <typename T>
void write_raw(base::ByteWriter& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  // SAFETY: the bytes of a plain structure.
  out.bytes({reinterpret_cast<const std::uint8_t*>(&value), sizeof(T)});
}

template <typename T>
Result<void> read_raw(Reader& in, T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  const core::ByteView bytes = TRY(in.bytes(sizeof(T)));
  std::memcpy(&value, bytes.data(), sizeof(T));
  return {};
}

void write_extents(base::ByteWriter& out, const std::vector<Extent>& extents) {
  out.u32(static_cast<std::uint32_t>(extents.size()));
  for (const Extent& each : extents) {
    out.u64(each.base);
    out.u64(each.size);
  }
}

/// In order, apart from each other, whole pages.
Result<std::vector<Extent>> read_extents(Reader& in, std::size_t most) {
  const std::uint32_t count = TRY(in.u32());
  if (count > most) return core::error(ErrorCode::Exhausted, "too many parts", count);
  std::vector<Extent> extents;
  std::uint64_t end = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t base = TRY(in.u64());
    const std::uint64_t size = TRY(in.u64());
    const bool pages = base % snapshot_page == 0 && size % snapshot_page == 0 && size != 0;
    if (!pages || base < end || base > largest || size > largest) {
      return core::error(ErrorCode::Malformed, "parts of memory that cannot be", i);
    }
    extents.push_back({base, size});
    end = base + size;
  }
  return extents;
}

void write_processor(base::ByteWriter& out, const Snapshot& snapshot) {
  out.u64(snapshot.seen.extended_state);
  out.u32(static_cast<std::uint32_t>(snapshot.seen.cpuid.leaves().size()));
  for (const base::CpuidLeaf& leaf : snapshot.seen.cpuid.leaves()) {
    out.u32(leaf.leaf);
    out.u32(leaf.subleaf);
    out.u8(leaf.by_subleaf ? 1 : 0);
    write_raw(out, leaf.registers);
  }
  write_raw(out, snapshot.processor.general);
  write_raw(out, snapshot.processor.special);
  write_raw(out, snapshot.processor.extended);
  out.u32(static_cast<std::uint32_t>(snapshot.processor.model.size()));
  for (const Register& each : snapshot.processor.model) {
    out.u32(each.number);
    out.u64(each.value);
  }
}

Result<void> read_processor(Reader& in, Snapshot& snapshot) {
  snapshot.seen.extended_state = TRY(in.u64());
  const std::uint32_t leaves = TRY(in.u32());
  if (leaves > max_leaves) return core::error(ErrorCode::Exhausted, "too many leaves", leaves);
  std::vector<base::CpuidLeaf> table;
  for (std::uint32_t i = 0; i < leaves; ++i) {
    base::CpuidLeaf leaf;
    leaf.leaf = TRY(in.u32());
    leaf.subleaf = TRY(in.u32());
    leaf.by_subleaf = TRY(in.u8()) != 0;
    TRY(read_raw(in, leaf.registers));
    table.push_back(leaf);
  }
  snapshot.seen.cpuid = base::CpuidTable(std::move(table));
  TRY(read_raw(in, snapshot.processor.general));
  TRY(read_raw(in, snapshot.processor.special));
  TRY(read_raw(in, snapshot.processor.extended));
  const std::uint32_t registers = TRY(in.u32());
  if (registers > max_registers) {
    return core::error(ErrorCode::Exhausted, "too many registers", registers);
  }
  for (std::uint32_t i = 0; i < registers; ++i) {
    const std::uint32_t number = TRY(in.u32());
    snapshot.processor.model.push_back({number, TRY(in.u64())});
  }
  return {};
}

/// Each run in one part, and all of them in the file.
Result<void> check_runs(const Snapshot& snapshot, std::uint64_t pages_begin,
                        std::uint64_t file_size) {
  std::uint64_t total = pages_begin;
  auto part = snapshot.parts.begin();
  for (const Extent& run : snapshot.runs) {
    while (part != snapshot.parts.end() && run.base >= part->base + part->size) ++part;
    if (part == snapshot.parts.end() || run.base < part->base ||
        run.size > part->base + part->size - run.base) {
      return core::error(ErrorCode::Malformed, "pages outside of memory");
    }
    total += run.size;
    if (total > file_size) return core::error(ErrorCode::Malformed, "pages that are not there");
  }
  if (total == file_size) return {};
  return core::error(ErrorCode::Malformed, "pages that nobody asked for");
}

bool is_zero(core::ByteView page) noexcept {
  return std::ranges::all_of(page, [](std::uint8_t byte) { return byte == 0; });
}

os::Result<void> write_at(os::BorrowedFd file, core::ByteView bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ::ssize_t count =
        ::pwrite(file.number(), bytes.data(), bytes.size(), static_cast<::off_t>(offset));
    if (count < 0) return os::last_errno();
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

os::Result<void> read_at(os::BorrowedFd file, core::ByteSpan bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ::ssize_t count =
        ::pread(file.number(), bytes.data(), bytes.size(), static_cast<::off_t>(offset));
    if (count < 0) return os::last_errno();
    if (count == 0) return os::Errno::Io;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

/// Adds the pages of one part that are there and not zero.
os::Result<void> add_runs(const MemoryPart& part, os::BorrowedFd pagemap,
                          std::vector<Extent>& runs) {
  constexpr std::size_t at_once = 4096;
  constexpr std::uint64_t there = std::uint64_t{3} << 62U;  // present, or swapped
  std::vector<std::uint64_t> entries(at_once);
  const core::ByteSpan bytes = part.bytes();
  // SAFETY: only for the number of its first page.
  const std::uint64_t first = reinterpret_cast<std::uint64_t>(bytes.data()) / snapshot_page;
  const std::size_t pages = bytes.size() / snapshot_page;
  for (std::size_t begin = 0; begin < pages; begin += at_once) {
    const std::size_t count = std::min(at_once, pages - begin);
    // SAFETY: `entries` has room for as many numbers.
    const core::ByteSpan room(reinterpret_cast<std::uint8_t*>(entries.data()),
                              count * sizeof(std::uint64_t));
    TRY(read_at(pagemap, room, (first + begin) * sizeof(std::uint64_t)));
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t offset = (begin + i) * snapshot_page;
      if ((entries[i] & there) == 0 || is_zero(bytes.subspan(offset, snapshot_page))) continue;
      const std::uint64_t base = part.base() + offset;
      const bool near = !runs.empty() && runs.back().base >= part.base() &&
                        base - (runs.back().base + runs.back().size) <= gap;
      if (near) {
        runs.back().size = base + snapshot_page - runs.back().base;
      } else {
        runs.push_back({base, snapshot_page});
      }
    }
  }
  return {};
}

}  // namespace

std::vector<std::uint8_t> encode_head(const Snapshot& snapshot) {
  base::ByteWriter rest;
  rest.u32(static_cast<std::uint32_t>(snapshot.world));
  rest.u8(snapshot.network ? 1 : 0);
  rest.u8(snapshot.directories ? 1 : 0);
  rest.u8(snapshot.faults_are_dear ? 1 : 0);
  rest.u64(snapshot.sequence);
  rest.u64(snapshot.next_base);
  rest.u64(snapshot.free);
  rest.u64(snapshot.counter.khz);
  rest.u64(snapshot.counter.ticks);
  rest.u64(snapshot.counter.monotonic);
  write_processor(rest, snapshot);
  write_extents(rest, snapshot.parts);
  write_extents(rest, snapshot.runs);
  base::ByteWriter head;
  head.text(magic);
  head.u32(version);
  head.u32(static_cast<std::uint32_t>(rest.size()));
  head.bytes(rest.take());
  std::vector<std::uint8_t> bytes = head.take();
  bytes.resize(whole_pages(bytes.size()));
  return bytes;
}

Result<Snapshot> decode_head(core::ByteView head, std::uint64_t file_size) {
  Reader start(head);
  if (core::as_text(TRY(start.bytes(magic.size()))) != magic) {
    return core::error(ErrorCode::Malformed, "no snapshot");
  }
  if (TRY(start.u32()) != version) {
    return core::error(ErrorCode::Unsupported, "snapshot of another version");
  }
  const std::uint32_t size = TRY(start.u32());
  Reader in(TRY(start.bytes(size)));
  Snapshot snapshot;
  const std::uint32_t world = TRY(in.u32());
  if (world > static_cast<std::uint32_t>(sallyport::World::Isolated)) {
    return core::error(ErrorCode::Malformed, "a world that there is not", world);
  }
  snapshot.world = static_cast<sallyport::World>(world);
  snapshot.network = TRY(in.u8()) != 0;
  snapshot.directories = TRY(in.u8()) != 0;
  snapshot.faults_are_dear = TRY(in.u8()) != 0;
  snapshot.sequence = TRY(in.u64());
  snapshot.next_base = TRY(in.u64());
  snapshot.free = TRY(in.u64());
  snapshot.counter.khz = TRY(in.u64());
  snapshot.counter.ticks = TRY(in.u64());
  snapshot.counter.monotonic = TRY(in.u64());
  TRY(read_processor(in, snapshot));
  snapshot.parts = TRY(read_extents(in, max_snapshot_parts));
  snapshot.runs = TRY(read_extents(in, max_snapshot_runs));
  if (!in.at_end()) return core::error(ErrorCode::Malformed, "bytes behind the head");
  if (snapshot.parts.empty()) return core::error(ErrorCode::Malformed, "a machine without memory");
  TRY(check_runs(snapshot, whole_pages(fixed_size + size), file_size));
  return snapshot;
}

os::Result<std::vector<Extent>> used_runs(const MachineMemory& memory, os::BorrowedFd pagemap) {
  std::vector<Extent> runs;
  for (const MemoryPart& part : memory.parts()) TRY(add_runs(part, pagemap, runs));
  if (runs.size() > max_snapshot_runs) return os::Errno::TooBig;
  return runs;
}

os::Result<void> write_snapshot(os::BorrowedFd file, const Snapshot& snapshot,
                                const MachineMemory& memory) {
  const std::vector<std::uint8_t> head = encode_head(snapshot);
  if (head.size() > max_snapshot_head) return os::Errno::TooBig;
  TRY(write_at(file, head, 0));
  std::uint64_t offset = head.size();
  for (const Extent& run : snapshot.runs) {
    const auto bytes = memory.find(run.base, run.size);
    if (!bytes) return os::Errno::Inval;
    TRY(write_at(file, *bytes, offset));
    offset += run.size;
  }
  return {};
}

Result<Snapshot> read_snapshot(os::BorrowedFd file) {
  struct ::stat status{};
  if (::fstat(file.number(), &status) < 0 || status.st_size < 0) {
    return core::error(ErrorCode::Unavailable, "the snapshot cannot be read");
  }
  const auto file_size = static_cast<std::uint64_t>(status.st_size);
  constexpr core::Error unreadable{ErrorCode::Unavailable, "the snapshot cannot be read"};
  std::vector<std::uint8_t> head(fixed_size);
  if (file_size < fixed_size || !read_at(file, head, 0)) return unreadable;
  const std::uint32_t rest = TRY(Reader(core::ByteView(head).last(sizeof(rest))).u32());
  if (rest > max_snapshot_head || fixed_size + rest > file_size) {
    return core::error(ErrorCode::Malformed, "a head that is not there", rest);
  }
  head.resize(fixed_size + rest);
  if (!read_at(file, head, 0)) return unreadable;
  return decode_head(head, file_size);
}

os::Result<MachineMemory> map_snapshot(os::BorrowedFd file, const Snapshot& snapshot) {
  MachineMemory memory;
  std::uint64_t offset = encode_head(snapshot).size();
  for (const Extent& part : snapshot.parts) {
    memory.add(TRY(MemoryPart::create(part.base, part.size)));
  }
  for (const Extent& run : snapshot.runs) {
    TRY(memory.map(run.base, run.size, file, offset));
    offset += run.size;
  }
  return memory;
}

}  // namespace merlon::host::kvm
