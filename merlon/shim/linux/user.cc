#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux {

std::optional<core::ByteView> user_path(std::uint64_t address) noexcept {
  std::uint64_t size = 0;
  while (size <= sallyport::max_path) {
    // Up to the end of the page in one look at the ledger.
    const std::uint64_t page_rest = page_size - (address + size) % page_size;
    const auto bytes = readable_bytes(address + size, page_rest);
    if (!bytes) return std::nullopt;
    for (const std::uint8_t byte : *bytes) {
      if (byte == 0) return readable_bytes(address, size);
      if (++size > sallyport::max_path) return std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace merlon::shim::linux
