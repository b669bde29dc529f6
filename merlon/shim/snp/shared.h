#pragma once

// The pages that a machine of SEV-SNP shares with its host beside the block: that of the GHCB, and
// those for a guest's messages.

#include "merlon/sallyport/shared_memory.h"
#include "merlon/shim/snp/machine.h"

namespace merlon::shim::snp {

/// `size` bytes, whole pages, at a physical address.
[[nodiscard]] inline sallyport::SharedMemory shared_pages(std::uint64_t physical,
                                                          std::uint64_t size) noexcept {
  // SAFETY: mapped, and of nobody's use but by words of 8 bytes.
  return sallyport::SharedMemory({reinterpret_cast<std::uint8_t*>(snp_shared(physical)), size});
}

}  // namespace merlon::shim::snp
