#pragma once

// The sink that launches: puts the stream of a keep's pages into the memory of its machine.

#include "merlon/host/kvm/memory.h"
#include "merlon/image/layout.h"

namespace merlon::host::kvm {

/// Memory holds what was put, and where nothing was put, what it held before.
class Loader final : public image::PageSink {
 public:
  /// `memory` must outlive this object.
  explicit Loader(const MachineMemory& memory) noexcept : memory_(memory) {}

  /// Internal if a page does not lie in the memory.
  [[nodiscard]] core::Result<void> put(image::PageKind kind, std::uint64_t address,
                                       core::ByteView bytes) override;

 private:
  const MachineMemory& memory_;
};

}  // namespace merlon::host::kvm
