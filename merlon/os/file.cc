#include "merlon/os/file.h"

#include <algorithm>
#include <climits>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/os/file_status.h"
#include "merlon/os/system_call.h"

namespace merlon::os {
namespace {

/// A readv() or one of its kin; `offset` is for those that take one, in two halves, and flags.
Result<std::size_t> transfer(long number, BorrowedFd fd, IoVectors vectors,
                             std::uint64_t offset = 0, int flags = 0) noexcept {
  const auto count = std::min<std::size_t>(vectors.size(), IOV_MAX);
  return system_call(number, fd.number(), vectors.data(), count, offset, 0, flags);
}

Result<void> done_or_errno(int result) noexcept {
  if (result < 0) return last_errno();
  return {};
}

/// A preadv2/pwritev2 with RWF_NOWAIT: old kernels say Nosys or Inval for Notsup.
Result<std::size_t> transfer_now(long number, BorrowedFd fd, IoVectors vectors) noexcept {
  constexpr auto own_position = ~std::uint64_t{0};
  const auto count = transfer(number, fd, vectors, own_position, RWF_NOWAIT);
  if (count) return count;
  const bool lacking = count.error() == Errno::Nosys || count.error() == Errno::Inval;
  return lacking ? Errno::Notsup : count.error();
}

Access access_of(int flags) noexcept {
  if ((flags & O_PATH) != 0) return Access::PathOnly;
  switch (flags & O_ACCMODE) {
    case O_WRONLY: return Access::Write;
    case O_RDWR: return Access::ReadWrite;
    default: return Access::Read;
  }
}

Result<void> set_flag(BorrowedFd fd, int flag, bool on) noexcept {
  const int before = ::fcntl(fd.number(), F_GETFL);
  if (before < 0) return last_errno();
  const int after = on ? before | flag : before & ~flag;
  if (after == before) return {};
  return done_or_errno(::fcntl(fd.number(), F_SETFL, after));
}

int kernel_advice(Advice advice) noexcept {
  switch (advice) {
    case Advice::Normal: return POSIX_FADV_NORMAL;
    case Advice::Sequential: return POSIX_FADV_SEQUENTIAL;
    case Advice::Random: return POSIX_FADV_RANDOM;
    case Advice::WillNeed: return POSIX_FADV_WILLNEED;
    case Advice::DontNeed: return POSIX_FADV_DONTNEED;
    case Advice::NoReuse: return POSIX_FADV_NOREUSE;
  }
  return POSIX_FADV_NORMAL;
}

int kernel_whence(Whence whence) noexcept {
  switch (whence) {
    case Whence::Set: return SEEK_SET;
    case Whence::Current: return SEEK_CUR;
    case Whence::End: return SEEK_END;
  }
  return SEEK_SET;
}

}  // namespace

Result<std::size_t> read(BorrowedFd fd, IoVectors into) noexcept {
  return transfer(SYS_readv, fd, into);
}

Result<std::size_t> write(BorrowedFd fd, IoVectors from) noexcept {
  return transfer(SYS_writev, fd, from);
}

Result<std::size_t> read_at(BorrowedFd fd, IoVectors into, std::uint64_t offset) noexcept {
  return transfer(SYS_preadv, fd, into, offset);
}

Result<std::size_t> write_at(BorrowedFd fd, IoVectors from, std::uint64_t offset) noexcept {
  return transfer(SYS_pwritev, fd, from, offset);
}

Result<std::size_t> read_no_wait(BorrowedFd fd, IoVectors into) noexcept {
  return transfer_now(SYS_preadv2, fd, into);
}

Result<std::size_t> write_no_wait(BorrowedFd fd, IoVectors from) noexcept {
  return transfer_now(SYS_pwritev2, fd, from);
}

Result<std::uint64_t> seek(BorrowedFd fd, std::int64_t offset, Whence whence) noexcept {
  return system_call(SYS_lseek, fd.number(), offset, kernel_whence(whence));
}

Result<void> sync(BorrowedFd fd) noexcept { return done_or_errno(::fsync(fd.number())); }

Result<void> sync_data(BorrowedFd fd) noexcept { return done_or_errno(::fdatasync(fd.number())); }

Result<void> allocate(BorrowedFd fd, std::uint64_t offset, std::uint64_t size) noexcept {
  // Not posix_fallocate: where the file system cannot do it, that writes the whole range by itself.
  return done_or_errno(
      ::fallocate(fd.number(), 0, static_cast<::off_t>(offset), static_cast<::off_t>(size)));
}

Result<void> advise(BorrowedFd fd, std::uint64_t offset, std::uint64_t size,
                    Advice advice) noexcept {
  const int number = ::posix_fadvise(fd.number(), static_cast<::off_t>(offset),
                                     static_cast<::off_t>(size), kernel_advice(advice));
  if (number != 0) return static_cast<Errno>(number);
  return {};
}

Result<void> resize(BorrowedFd fd, std::uint64_t size) noexcept {
  return done_or_errno(::ftruncate(fd.number(), static_cast<::off_t>(size)));
}

Result<FileStatus> status(BorrowedFd fd) noexcept { return status_of(TRY(stat_of(fd))); }

Result<void> set_times(BorrowedFd fd, TimeChanges changes) noexcept {
  return done_or_errno(::futimens(fd.number(), timespecs_of(changes).data()));
}

Result<OpenFlags> open_flags(BorrowedFd fd) noexcept {
  const int flags = ::fcntl(fd.number(), F_GETFL);
  if (flags < 0) return last_errno();
  return OpenFlags{.access = access_of(flags),
                   .append = (flags & O_APPEND) != 0,
                   .nonblock = (flags & O_NONBLOCK) != 0,
                   .dsync = (flags & O_DSYNC) != 0,
                   .sync = (flags & O_SYNC) == O_SYNC};
}

Result<void> set_append(BorrowedFd fd, bool on) noexcept { return set_flag(fd, O_APPEND, on); }

Result<void> set_nonblock(BorrowedFd fd, bool on) noexcept { return set_flag(fd, O_NONBLOCK, on); }

Result<void> try_lock(BorrowedFd fd) noexcept {
  return done_or_errno(::flock(fd.number(), LOCK_EX | LOCK_NB));
}

Result<void> lock(BorrowedFd fd) noexcept {
  for (;;) {
    const Result<void> done = done_or_errno(::flock(fd.number(), LOCK_EX));
    if (done || done.error() != Errno::Intr) return done;
  }
}

Result<std::uint64_t> readable_bytes(BorrowedFd fd) noexcept {
  int count = 0;
  if (::ioctl(fd.number(), FIONREAD, &count) < 0) return last_errno();
  return static_cast<std::uint64_t>(std::max(count, 0));
}

bool is_terminal(BorrowedFd fd) noexcept { return ::isatty(fd.number()) == 1; }

}  // namespace merlon::os
