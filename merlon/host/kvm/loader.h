#pragma once

// The sink that launches: puts the stream of a keep's pages into the memory of its machine.

#include "merlon/host/kvm/memory.h"
#include "merlon/image/layout.h"
#include "merlon/os/file_mapping.h"

namespace merlon::host::kvm {

/// Memory holds what was put, and where nothing was put, what it held before. Whole pages of the
/// keep's file are not copied but mapped, and cost nothing until they are used.
class Loader final : public image::PageSink {
 public:
  /// Both must outlive this object.
  Loader(const MachineMemory& memory, const os::FileMapping& keep) noexcept
      : memory_(memory), keep_(keep) {}

  /// Internal if a page does not lie in the memory.
  [[nodiscard]] core::Result<void> put(std::uint64_t address, core::ByteView bytes) override;

 private:
  const MachineMemory& memory_;
  const os::FileMapping& keep_;
};

}  // namespace merlon::host::kvm
