#include "merlon/os/file_mapping.h"

#include <sys/mman.h>
#include <sys/stat.h>

namespace merlon::os {

Result<FileMapping> FileMapping::create(BorrowedFd file, std::size_t max_size) noexcept {
  struct ::stat status{};
  if (::fstat(file.number(), &status) < 0) return last_errno();
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > max_size) return Errno::Fbig;
  Fd own = TRY(duplicate(file));
  void* const data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, own.number(), 0);
  if (data == MAP_FAILED) return last_errno();
  return FileMapping(std::move(own), {static_cast<const std::uint8_t*>(data), size});
}

FileMapping::~FileMapping() {
  // SAFETY: munmap takes the address only; nothing is written through it.
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

Result<void> FileMapping::copy_over(core::ByteView part, core::ByteSpan target) const noexcept {
  constexpr std::uintptr_t page_size = 4096;
  const auto start = reinterpret_cast<std::uintptr_t>(bytes_.data());
  const auto at = reinterpret_cast<std::uintptr_t>(part.data());
  const auto to = reinterpret_cast<std::uintptr_t>(target.data());
  const bool within = at >= start && at - start <= bytes_.size() &&
                      part.size() <= bytes_.size() - (at - start) && part.size() == target.size();
  if (!within || ((at | to | part.size()) % page_size) != 0) return Errno::Inval;
  void* const mapped =
      ::mmap(target.data(), part.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED,
             file_.number(), static_cast<::off_t>(at - start));
  if (mapped == MAP_FAILED) return last_errno();
  return {};
}

}  // namespace merlon::os
