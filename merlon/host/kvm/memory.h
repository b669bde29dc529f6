#pragma once

// The memory of a keep's machine, as the host holds it: ranges of physical addresses, each a
// mapping of our own. Fresh memory is zero and costs nothing until it is touched.

#include <cstdint>
#include <optional>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"
#include "merlon/os/fd.h"

namespace merlon::host::kvm {

inline constexpr std::uint64_t large_page = std::uint64_t{2} << 20U;

/// One range; unmapped when dropped.
class MemoryPart {
 public:
  /// Memory at the physical addresses from `base` on, whole pages.
  [[nodiscard]] static os::Result<MemoryPart> create(std::uint64_t base, std::uint64_t size);

  MemoryPart(MemoryPart&& other) noexcept;
  MemoryPart& operator=(MemoryPart&&) = delete;
  MemoryPart(const MemoryPart&) = delete;
  MemoryPart& operator=(const MemoryPart&) = delete;
  ~MemoryPart();

  [[nodiscard]] std::uint64_t base() const noexcept { return base_; }
  [[nodiscard]] core::ByteSpan bytes() const noexcept { return bytes_; }

  /// From `address` on the kernel shall take 2 MiB at a time, where it can: faster to fill and to
  /// use, and a waste where only a few pages are used.
  void prefer_large_pages(std::uint64_t address) const noexcept;

 private:
  MemoryPart(std::uint64_t base, void* mapping, std::size_t mapping_size, core::ByteSpan bytes)
      : base_(base), mapping_(mapping), mapping_size_(mapping_size), bytes_(bytes) {}

  std::uint64_t base_;
  void* mapping_;
  std::size_t mapping_size_;
  core::ByteSpan bytes_;
};

class MachineMemory {
 public:
  /// What a machine has when it starts, at image's addresses; all zero.
  [[nodiscard]] static os::Result<MachineMemory> initial();

  void add(MemoryPart part) { parts_.push_back(std::move(part)); }

  /// The bytes at a physical address; nothing when not all of them are the machine's.
  [[nodiscard]] std::optional<core::ByteSpan> find(std::uint64_t address,
                                                   std::uint64_t size) const noexcept;
  [[nodiscard]] const std::vector<MemoryPart>& parts() const noexcept { return parts_; }

  void prefer_large_pages(std::uint64_t address) const noexcept {
    for (const MemoryPart& part : parts_) part.prefer_large_pages(address);
  }
  /// As above, for whole large pages from `address` on.
  void prefer_large_pages(std::uint64_t address, std::uint64_t size) const noexcept;
  /// Has the host make these pages now, all at once: one by one, when the machine uses them, is
  /// dearer by far.
  void make_pages(std::uint64_t address, std::uint64_t size) const noexcept;

  /// What lies at `address` is the file's from `offset` on, until it is written to; whole pages.
  [[nodiscard]] os::Result<void> map(std::uint64_t address, std::uint64_t size, os::BorrowedFd file,
                                     std::uint64_t offset);

  /// Has the host make ready now what was mapped from a file: pages that are likely to be written
  /// to as copies, all others as they are.
  void make_mapped_pages() const noexcept;

  /// Makes whole pages zero again and gives them back to the host, but for those of a file.
  [[nodiscard]] bool release(std::uint64_t address, std::uint64_t size) const noexcept;

 private:
  struct Mapped {
    std::uint64_t base;
    std::uint64_t size;
  };

  std::vector<MemoryPart> parts_;
  std::vector<Mapped> mapped_;  ///< from a file
};

}  // namespace merlon::host::kvm
