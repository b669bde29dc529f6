#include "merlon/os/file_status.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace merlon::os {
namespace {

constexpr std::uint64_t per_second = 1'000'000'000;

std::uint64_t nanoseconds_of(const ::timespec& time) noexcept {
  if (time.tv_sec < 0) return 0;
  return (static_cast<std::uint64_t>(time.tv_sec) * per_second) +
         static_cast<std::uint64_t>(time.tv_nsec);
}

::timespec timespec_of(TimeChange change) noexcept {
  switch (change.kind) {
    case TimeChange::Kind::Now: return {0, UTIME_NOW};
    case TimeChange::Kind::Set:
      return {static_cast<::time_t>(change.nanoseconds / per_second),
              static_cast<long>(change.nanoseconds % per_second)};
    case TimeChange::Kind::Keep: break;
  }
  return {0, UTIME_OMIT};
}

}  // namespace

Result<struct ::stat> stat_of(BorrowedFd fd) noexcept {
  struct ::stat found{};
  if (::syscall(SYS_fstat, fd.number(), &found) < 0) return last_errno();
  return found;
}

FileType type_of_mode(::mode_t mode) noexcept {
  switch (mode & S_IFMT) {
    case S_IFBLK: return FileType::BlockDevice;
    case S_IFCHR: return FileType::CharacterDevice;
    case S_IFDIR: return FileType::Directory;
    case S_IFREG: return FileType::Regular;
    case S_IFLNK: return FileType::Symlink;
    case S_IFIFO: return FileType::Fifo;
    case S_IFSOCK: return FileType::Socket;
    default: return FileType::Unknown;
  }
}

FileStatus status_of(const struct ::stat& from) noexcept {
  return FileStatus{.device = from.st_dev,
                    .inode = from.st_ino,
                    .type = type_of_mode(from.st_mode),
                    .links = from.st_nlink,
                    .size = static_cast<std::uint64_t>(from.st_size),
                    .accessed = nanoseconds_of(from.st_atim),
                    .modified = nanoseconds_of(from.st_mtim),
                    .changed = nanoseconds_of(from.st_ctim)};
}

std::array<::timespec, 2> timespecs_of(TimeChanges changes) noexcept {
  return {timespec_of(changes.accessed), timespec_of(changes.modified)};
}

}  // namespace merlon::os
