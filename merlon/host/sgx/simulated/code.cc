#include "merlon/host/sgx/simulated/code.h"

#include <cstring>

#include <sys/mman.h>

#include "merlon/host/sgx/simulated/page_map.h"

namespace merlon::host::sgx::simulated {
namespace {

void* pointer(std::uint64_t address) noexcept {
  // SAFETY: an address of the enclave, whose pages are this process's.
  return reinterpret_cast<void*>(address);
}

}  // namespace

os::Result<void> put_code(std::uint64_t address, core::ByteView bytes) noexcept {
  const std::uint64_t page = address & ~(page_size - 1);
  const std::uint64_t size = ((address + bytes.size() - 1) & ~(page_size - 1)) + page_size - page;
  if (::mprotect(pointer(page), size, PROT_READ | PROT_WRITE) != 0) return os::last_errno();
  std::memcpy(pointer(address), bytes.data(), bytes.size());
  if (::mprotect(pointer(page), size, PROT_READ | PROT_EXEC) != 0) return os::last_errno();
  return {};
}

}  // namespace merlon::host::sgx::simulated
