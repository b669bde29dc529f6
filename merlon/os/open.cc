#include "merlon/os/open.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/os/file_status.h"

namespace merlon::os {
namespace {

constexpr std::size_t first_chunk = 64UL * 1024;

Result<Fd> adopted(int number) noexcept {
  if (number < 0) return last_errno();
  return Fd::adopt(number);
}

/// open(2) lets a directory be opened for reading and only complains at the first read.
Result<Fd> no_directory(Result<Fd> fd) noexcept {
  if (!fd) return fd;
  const auto status = TRY(stat_of(*fd));
  if (S_ISDIR(status.st_mode)) return Errno::Isdir;
  return fd;
}

/// How much to make room for at first: what the file says it has, plus the byte that shows its end.
std::size_t expected_size(BorrowedFd fd, std::size_t max_size) noexcept {
  const auto status = stat_of(fd);
  if (!status || !S_ISREG(status->st_mode) || status->st_size <= 0) {
    return std::min(first_chunk, max_size) + 1;
  }
  return std::min(static_cast<std::size_t>(status->st_size), max_size) + 1;
}

}  // namespace

Result<Fd> open_file(const std::string& path) noexcept {
  return no_directory(adopted(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)));
}

Result<Fd> open_directory(const std::string& path) noexcept {
  return adopted(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<Fd> open_device(const std::string& path) noexcept {
  return adopted(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
}

bool exists(const std::string& path) noexcept { return ::access(path.c_str(), F_OK) == 0; }

Result<Fd> open_file_in(BorrowedFd directory, const char* name) noexcept {
  return no_directory(adopted(::openat(directory.number(), name, O_RDONLY | O_CLOEXEC | O_NOCTTY)));
}

Result<Fd> create_file(const std::string& path) noexcept {
  return adopted(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
}

Result<std::vector<std::uint8_t>> read_all(BorrowedFd fd, std::size_t max_size) {
  std::vector<std::uint8_t> bytes(expected_size(fd, max_size));
  std::size_t filled = 0;
  for (;;) {
    const ::ssize_t count = ::read(fd.number(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0) {
      const Errno number = last_errno();
      if (number == Errno::Intr) continue;
      return number;
    }
    filled += static_cast<std::size_t>(count);
    if (filled > max_size) return Errno::Fbig;
    if (count == 0) break;
    if (filled == bytes.size()) bytes.resize(std::min(bytes.size() * 2, max_size + 1));
  }
  bytes.resize(filled);
  return bytes;
}

Result<void> write_all(BorrowedFd fd, core::ByteView bytes) noexcept {
  while (!bytes.empty()) {
    const ::ssize_t count = ::write(fd.number(), bytes.data(), bytes.size());
    if (count < 0) {
      const Errno number = last_errno();
      if (number == Errno::Intr) continue;
      return number;
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<std::string> own_program() {
  std::array<char, 4096> path{};
  const ::ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size < 0) return last_errno();
  if (static_cast<std::size_t>(size) == path.size()) return Errno::Nametoolong;
  return std::string(path.data(), static_cast<std::size_t>(size));
}

Result<void> hold_standard_streams() noexcept {
  for (int number = 0; number < 3; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number is this one, since those below are open.
    if (::open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY) != number) return last_errno();
  }
  return {};
}

}  // namespace merlon::os
