#include "merlon/os/mapping.h"

#include <cerrno>
#include <utility>

#include <sys/mman.h>
#include <sys/syscall.h>

#include "merlon/os/system_call.h"

namespace merlon::os {

using core::ErrorCode;

namespace {

std::size_t round_up(std::size_t bytes) noexcept {
  return (bytes + host_page_size - 1) & ~(host_page_size - 1);
}

int native(Protection protection) noexcept {
  switch (protection) {
    case Protection::None: return PROT_NONE;
    case Protection::ReadWrite: return PROT_READ | PROT_WRITE;
    case Protection::ReadExecute: return PROT_READ | PROT_EXEC;
  }
  return PROT_NONE;
}

}  // namespace

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) static_cast<void>(system_call(SYS_munmap, data_, size_));
}

core::Result<Mapping> Mapping::reserve(std::size_t bytes) {
  const std::size_t size = round_up(bytes);
  if (size < bytes || size == 0) return core::error(ErrorCode::Exhausted, "reservation too large");
  void* const data =
      ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    return core::error(ErrorCode::Exhausted, "no address space left",
                       static_cast<std::uint64_t>(errno));
  }
  return Mapping(static_cast<std::uint8_t*>(data), size);
}

core::Result<void> Mapping::protect(std::size_t offset, std::size_t bytes, Protection protection) {
  const std::size_t begin = offset & ~(host_page_size - 1);
  const std::size_t end = round_up(offset + bytes);
  if (end < begin || end > size_) {
    return core::error(ErrorCode::Internal, "protection outside of the mapping");
  }
  if (begin == end) return {};
  const auto done = system_call(SYS_mprotect, data_ + begin, end - begin, native(protection));
  if (!done) {
    const bool memory = done.error() == Errno::Nomem;
    return core::error(memory ? ErrorCode::Exhausted : ErrorCode::Denied,
                       memory ? "out of memory" : "memory protection refused",
                       static_cast<std::uint64_t>(done.error()));
  }
  return {};
}

void Mapping::prefer_large_pages() noexcept {
  static_cast<void>(system_call(SYS_madvise, data_, size_, MADV_HUGEPAGE));
}

}  // namespace merlon::os
