#pragma once

// The memory of a keep's machine, as the host holds it: ranges of physical addresses, each a
// mapping of our own. Fresh memory is zero and costs nothing until it is touched.

#include <cstdint>
#include <optional>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::host::kvm {

inline constexpr std::uint64_t large_page = std::uint64_t{2} << 20U;

enum class Pages : std::uint8_t {
  Small,  ///< for what is small
  Large,  ///< 2 MiB at a time, where the kernel can
};

/// One range; unmapped when dropped.
class MemoryPart {
 public:
  [[nodiscard]] static os::Result<MemoryPart> create(std::uint64_t base, std::uint64_t size,
                                                     Pages pages);
  /// Shares `size` bytes of an open file, at its offset `base`.
  MemoryPart(MemoryPart&& other) noexcept;
  MemoryPart& operator=(MemoryPart&&) = delete;
  MemoryPart(const MemoryPart&) = delete;
  MemoryPart& operator=(const MemoryPart&) = delete;
  ~MemoryPart();

  [[nodiscard]] std::uint64_t base() const noexcept { return base_; }
  [[nodiscard]] core::ByteSpan bytes() const noexcept { return bytes_; }

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
  void add(MemoryPart part) { parts_.push_back(std::move(part)); }

  /// The bytes at a physical address; nothing when not all of them are the machine's.
  [[nodiscard]] std::optional<core::ByteSpan> find(std::uint64_t address,
                                                   std::uint64_t size) const noexcept;
  [[nodiscard]] const std::vector<MemoryPart>& parts() const noexcept { return parts_; }

  /// Makes whole pages zero again and gives them back to the host.
  [[nodiscard]] bool release(std::uint64_t address, std::uint64_t size) const noexcept;

 private:
  std::vector<MemoryPart> parts_;
};

}  // namespace merlon::host::kvm
