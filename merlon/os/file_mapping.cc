#include "merlon/os/file_mapping.h"

#include <sys/mman.h>
#include <sys/stat.h>

namespace merlon::os {

Result<FileMapping> FileMapping::create(BorrowedFd file, std::size_t max_size) noexcept {
  struct ::stat status{};
  if (::fstat(file.number(), &status) < 0) return last_errno();
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > max_size) return Errno::Fbig;
  void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (data == MAP_FAILED) return last_errno();
  return FileMapping({static_cast<const std::uint8_t*>(data), size});
}

FileMapping::~FileMapping() {
  // SAFETY: munmap takes the address only; nothing is written through it.
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

}  // namespace merlon::os
