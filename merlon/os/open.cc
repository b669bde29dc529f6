#include "merlon/os/open.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merlon/os/file.h"
#include "merlon/os/file_status.h"
#include "merlon/os/poll.h"

namespace merlon::os {
namespace {

constexpr std::size_t first_chunk = 64UL * 1024;

Result<Fd> adopted(int number) noexcept {
  if (number < 0) return last_errno();
  return Fd::adopt(number);
}

constexpr int for_reading = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

/// What is in the place of a regular file, as an error.
Errno kind_error(::mode_t mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFDIR: return Errno::Isdir;
    case S_IFIFO: return Errno::IsFifo;
    case S_IFSOCK: return Errno::IsSocket;
    default: return Errno::IsDevice;
  }
}

/// open(2) lets nearly anything be opened for reading, and a FIFO would let it wait for ever.
Result<Fd> only_regular(Result<Fd> fd) noexcept {
  if (!fd) return fd;
  const auto status = TRY(stat_of(*fd));
  if (!S_ISREG(status.st_mode)) return kind_error(status.st_mode);
  return fd;
}

/// The number in a name of a descriptor of ours, else nothing.
std::optional<int> descriptor_named(std::string_view path) noexcept {
  if (path == "/dev/stdin") return 0;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    int number = -1;
    const char* end = path.data() + path.size();
    const auto [rest, error] = std::from_chars(path.data() + folder.size(), end, number);
    if (error == std::errc{} && rest == end && number >= 0) return number;
  }
  return std::nullopt;
}

/// What a shell hands over open: `merlon run <(cat x.wasm)`.
Result<Fd> open_descriptor(const char* path, int number) noexcept {
  Result<Fd> fd = adopted(::open(path, for_reading));
  const bool is_socket = !fd && fd.error() == Errno::Nxio;  // sockets cannot be opened anew
  if (is_socket) return adopted(::fcntl(number, F_DUPFD_CLOEXEC, 0));
  if (!fd) return fd;
  const auto status = TRY(stat_of(*fd));
  const bool is_terminal = S_ISCHR(status.st_mode) && ::isatty(fd->number()) == 1;
  if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode) && !is_terminal) {
    return kind_error(status.st_mode);
  }
  TRY(set_nonblock(*fd, false));  // this open file is ours alone
  return fd;
}

/// Waits until `fd` has one of `events`, an error or a hang-up.
Result<void> wait_for(BorrowedFd fd, short events) noexcept {
  std::array items{PollItem{fd.number(), events, 0}};
  const auto ready = poll(items, std::nullopt);
  if (!ready && ready.error() != Errno::Intr) return ready.error();
  return {};
}

bool does_not_wait(BorrowedFd fd) noexcept {
  const int flags = ::fcntl(fd.number(), F_GETFL);
  return flags < 0 || (static_cast<unsigned>(flags) & unsigned{O_NONBLOCK}) != 0;
}

/// Behind a call that failed with `number`: whether to make it again, at once or when `fd` has
/// one of `events`. `was_late`: the one before has failed so, too.
Result<void> before_another_try(BorrowedFd fd, short events, Errno number,
                                bool& was_late) noexcept {
  if (number == Errno::Intr) return {};
  if (number != Errno::Again) return number;
  if (does_not_wait(fd)) return wait_for(fd, events);
  // One that waits by itself says so when its limit is over (limit_waiting()). It may be shared
  // with a process that has just made it wait: once proves nothing.
  if (std::exchange(was_late, true)) return number;
  return {};
}

/// What a file says it has; nothing of one that does not know, as those of /proc.
std::optional<std::size_t> told_size(BorrowedFd fd) noexcept {
  const auto status = stat_of(fd);
  if (!status || !S_ISREG(status->st_mode) || status->st_size <= 0) return std::nullopt;
  return static_cast<std::size_t>(status->st_size);
}

}  // namespace

Result<Fd> open_file(const std::string& path) noexcept {
  if (const auto number = descriptor_named(path)) return open_descriptor(path.c_str(), *number);
  Result<Fd> fd = adopted(::open(path.c_str(), for_reading));
  struct ::stat there{};
  const bool is_socket = !fd && fd.error() == Errno::Nxio && ::stat(path.c_str(), &there) == 0 &&
                         S_ISSOCK(there.st_mode);
  if (is_socket) return Errno::IsSocket;
  return only_regular(std::move(fd));
}

Result<Fd> open_directory(const std::string& path) noexcept {
  return adopted(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<void> make_private_directory(const std::string& path) noexcept {
  if (::mkdir(path.c_str(), S_IRWXU) < 0) return last_errno();
  return {};
}

Result<bool> is_guarded_directory(const std::string& path) noexcept {
  struct ::stat there{};
  if (::lstat(path.c_str(), &there) != 0) return last_errno();
  const bool is_ours = there.st_uid == ::geteuid() || there.st_uid == 0;
  const bool others_write = (there.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  const bool is_sticky = (there.st_mode & S_ISVTX) != 0;
  return S_ISDIR(there.st_mode) && is_ours && (!others_write || is_sticky);
}

Result<Fd> open_device(const std::string& path) noexcept {
  return adopted(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
}

bool exists(const std::string& path) noexcept { return ::access(path.c_str(), F_OK) == 0; }

Result<Fd> open_file_in(BorrowedFd directory, const char* name) noexcept {
  Result<Fd> fd = adopted(::openat(directory.number(), name, for_reading));
  if (!fd && fd.error() == Errno::Nxio) return Errno::IsSocket;  // or a device without a driver
  return only_regular(std::move(fd));
}

Result<Fd> create_file(const std::string& path) noexcept {
  return adopted(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
}

Result<Fd> create_private_file(const std::string& path) noexcept {
  return adopted(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

Result<Fd> open_record(const std::string& path) noexcept {
  Result<Fd> fd = adopted(::open(
      path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  return only_regular(std::move(fd));
}

Result<void> write_setting(const std::string& path, core::ByteView bytes) noexcept {
  const Fd file = TRY(
      adopted(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)));
  const ::ssize_t written = ::write(file.number(), bytes.data(), bytes.size());
  if (written < 0) return last_errno();
  if (static_cast<std::size_t>(written) != bytes.size()) return Errno::Io;
  return {};
}

Result<void> make_lasting_directory(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const std::string here(path);
  auto made = make_private_directory(here);
  const std::size_t slash = path.rfind('/');
  if (!made && made.error() == Errno::Noent && slash != std::string_view::npos && slash > 0) {
    TRY(make_lasting_directory(path.substr(0, slash)));
    made = make_private_directory(here);
  }
  if (!made) {
    if (made.error() != Errno::Exist) return made;
    TRY(open_directory(here));
  }
  // Also of one that was there: whoever made it may have been killed before he came to this.
  const auto synced = sync_directory_of(here);
  // Where the directory above may not be read there is nothing more to be done.
  return synced || synced.error() != Errno::Acces ? synced : Result<void>();
}

Result<void> sync_directory_of(const std::string& path) noexcept {
  const std::size_t slash = path.rfind('/');
  const Fd directory = TRY(open_directory(slash == std::string::npos ? "."
                                          : slash == 0               ? "/"
                                                                     : path.substr(0, slash)));
  return ::fsync(directory.number()) == 0 ? Result<void>() : last_errno();
}

Result<void> replace_file(const std::string& path, core::ByteView bytes) noexcept {
  const std::string beside = path + ".new";
  const Fd file = TRY(adopted(::open(
      beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600)));
  TRY(write_all(file, bytes));
  if (::fsync(file.number()) != 0) return last_errno();
  if (std::rename(beside.c_str(), path.c_str()) != 0) return last_errno();
  return sync_directory_of(path);
}

Result<std::vector<std::uint8_t>> read_all(BorrowedFd fd, std::size_t max_size) {
  const auto told = told_size(fd);
  if (told && *told > max_size) return Errno::Fbig;  // without room for what is not wanted
  // One more than there should be: the byte that does not come shows the end.
  std::vector<std::uint8_t> bytes(told.value_or(std::min(first_chunk, max_size)) + 1);
  std::size_t filled = 0;
  bool was_late = false;
  for (;;) {
    const ::ssize_t count = ::read(fd.number(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0) {
      TRY(before_another_try(fd, POLLIN, last_errno(), was_late));
      continue;
    }
    was_late = false;
    filled += static_cast<std::size_t>(count);
    if (filled > max_size) return Errno::Fbig;
    if (count == 0 || told == filled) break;
    if (filled == bytes.size()) bytes.resize(std::min(bytes.size() * 2, max_size + 1));
  }
  bytes.resize(filled);
  return bytes;
}

Result<void> write_all(BorrowedFd fd, core::ByteView bytes) noexcept {
  bool was_late = false;
  while (!bytes.empty()) {
    const ::ssize_t count = ::write(fd.number(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      was_late = false;
      continue;
    }
    TRY(before_another_try(fd, POLLOUT, last_errno(), was_late));
  }
  return {};
}

Result<std::uint64_t> allow_open_files() noexcept {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return last_errno();
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return last_errno();
  return std::uint64_t{limit.rlim_cur};
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

Result<Fd> memory_file(const char* name, core::ByteView bytes) noexcept {
  Fd file = TRY(adopted(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)));
  TRY(write_all(file, bytes));
  constexpr int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (::fcntl(file.number(), F_ADD_SEALS, all) != 0) return last_errno();
  if (::lseek(file.number(), 0, SEEK_SET) != 0) return last_errno();
  return file;
}

}  // namespace merlon::os
