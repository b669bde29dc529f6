#include "merlon/host/kvm/memory.h"

#include <algorithm>

#include <sys/mman.h>

#include "merlon/image/layout.h"

namespace merlon::host::kvm {

os::Result<MemoryPart> MemoryPart::create(std::uint64_t base, std::uint64_t size) {
  constexpr std::uint64_t largest = std::uint64_t{1} << 46U;  // half of the address space
  if (size > largest || base > largest) return os::Errno::Nomem;
  const std::size_t mapped = size + 2 * large_page;
  void* const mapping = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return os::last_errno();
  // A large page is one at our addresses and at the machine's.
  // SAFETY: only for arithmetic on the address.
  const auto start = reinterpret_cast<std::uint64_t>(mapping);
  const std::uint64_t address = ((start + large_page - 1) & ~(large_page - 1)) + base % large_page;
  // SAFETY: `address` lies in the mapping, which is a large page longer than `size` for that.
  auto* const bytes = reinterpret_cast<std::uint8_t*>(address);
  ::madvise(bytes, size, MADV_NOHUGEPAGE);
  // What the host swaps or dumps of a keep is not for the host to read.
  ::madvise(bytes, size, MADV_DONTDUMP);
  return MemoryPart(base, mapping, mapped, {bytes, size});
}

void MemoryPart::prefer_large_pages(std::uint64_t address) const noexcept {
  if (address < base_ || address - base_ >= bytes_.size()) return;
  const core::ByteSpan rest = bytes_.subspan(address - base_);
  // A kernel without large pages does as well, only slower.
  ::madvise(rest.data(), rest.size(), MADV_HUGEPAGE);
}

MemoryPart::MemoryPart(MemoryPart&& other) noexcept
    : base_(other.base_),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapping_size_(other.mapping_size_),
      bytes_(other.bytes_) {}

MemoryPart::~MemoryPart() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_size_);
}

os::Result<MachineMemory> MachineMemory::initial() {
  // All of it in one part, gaps too: to tell KVM of one more costs more than a gap.
  constexpr std::uint64_t size = image::main_base + image::main_size - image::low_base;
  MachineMemory memory;
  memory.add(TRY(MemoryPart::create(image::low_base, size)));
  return memory;
}

std::optional<core::ByteSpan> MachineMemory::find(std::uint64_t address,
                                                  std::uint64_t size) const noexcept {
  for (const MemoryPart& part : parts_) {
    if (address < part.base()) continue;
    const std::uint64_t offset = address - part.base();
    if (offset >= part.bytes().size() || size > part.bytes().size() - offset) continue;
    return part.bytes().subspan(offset, size);
  }
  return std::nullopt;
}

void MachineMemory::prefer_large_pages(std::uint64_t address, std::uint64_t size) const noexcept {
  if (const auto bytes = find(address, size)) ::madvise(bytes->data(), size, MADV_HUGEPAGE);
}

void MachineMemory::make_pages(std::uint64_t address, std::uint64_t size) const noexcept {
  // Linux before 5.14 has no such advice; then they are made when they are used.
  constexpr int populate_write = 23;
  if (const auto bytes = find(address, size)) ::madvise(bytes->data(), size, populate_write);
}

os::Result<void> MachineMemory::map(std::uint64_t address, std::uint64_t size, os::BorrowedFd file,
                                    std::uint64_t offset) {
  const auto bytes = find(address, size);
  if (!bytes) return os::Errno::Inval;
  // SAFETY: the pages are this object's, and nobody has seen them yet.
  void* const mapped = ::mmap(bytes->data(), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
                              file.number(), static_cast<::off_t>(offset));
  if (mapped == MAP_FAILED) return os::last_errno();
  ::madvise(mapped, size, MADV_DONTDUMP);
  mapped_.push_back({address, size});
  return {};
}

void MachineMemory::make_mapped_pages() const noexcept {
  // Linux before 5.14 has no such advice; then they are made when they are used.
  constexpr int populate_read = 22;
  constexpr int populate_write = 23;
  // Heaps and stacks; programs are longer.
  constexpr std::uint64_t short_run = std::uint64_t{512} << 10U;
  for (const Mapped& each : mapped_) {
    const auto bytes = find(each.base, each.size);
    if (!bytes) continue;
    const int advice = each.size <= short_run ? populate_write : populate_read;
    ::madvise(bytes->data(), bytes->size(), advice);
  }
}

bool MachineMemory::release(std::uint64_t address, std::uint64_t size) const noexcept {
  constexpr std::uint64_t small_page = 4096;
  if (address % small_page != 0 || size % small_page != 0 || size == 0) return false;
  const auto bytes = find(address, size);
  if (!bytes || ::madvise(bytes->data(), bytes->size(), MADV_DONTNEED) != 0) return false;
  // What was mapped from a file would be the file's again.
  for (const Mapped& each : mapped_) {
    const std::uint64_t from = std::max(address, each.base);
    const std::uint64_t to = std::min(address + size, each.base + each.size);
    if (from < to) std::ranges::fill(bytes->subspan(from - address, to - from), 0);
  }
  return true;
}

}  // namespace merlon::host::kvm
