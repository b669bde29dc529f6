#include "merlon/os/resolver.h"

#include <algorithm>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/os/file_status.h"

namespace merlon::os {
namespace {

/// How often we try again when somebody renames directories or swaps links under our feet.
constexpr int max_races = 16;

Result<void> done_or_errno(int result) noexcept {
  if (result < 0) return last_errno();
  return {};
}

int access_flags(Access access) noexcept {
  switch (access) {
    case Access::Read: return O_RDONLY | O_NONBLOCK | O_NOCTTY;
    case Access::Write: return O_WRONLY | O_NONBLOCK | O_NOCTTY;
    case Access::ReadWrite: return O_RDWR | O_NONBLOCK | O_NOCTTY;
    case Access::PathOnly: return O_PATH;
  }
  return O_PATH;
}

int kernel_flags(const OpenHow& how) noexcept {
  return access_flags(how.access) | O_CLOEXEC | (how.follow == Follow::No ? O_NOFOLLOW : 0) |
         (how.create ? O_CREAT : 0) | (how.create && how.exclusive ? O_EXCL : 0) |
         (how.truncate ? O_TRUNC : 0) | (how.directory ? O_DIRECTORY : 0) |
         (how.append ? O_APPEND : 0) | (how.dsync ? O_DSYNC : 0) | (how.sync ? O_SYNC : 0);
}

constexpr ::mode_t created_mode = 0666;

/// Outside when the path leads out; Again when directories moved meanwhile, too often.
Result<Fd> open_beneath(BorrowedFd root, const char* path, int flags) noexcept {
  ::open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.mode = (flags & O_CREAT) != 0 ? created_mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (int race = 0; race < max_races; ++race) {
    const long number = ::syscall(SYS_openat2, root.number(), path, &how, sizeof(how));
    if (number >= 0) return Fd::adopt(static_cast<int>(number));
    if (errno != EAGAIN && errno != EINTR) break;
  }
  return errno == EXDEV ? Errno::Outside : last_errno();
}

Result<Fd> open_by_walk(BorrowedFd root, const Path& path, const OpenHow& how) {
  // O_EXCL never follows a last link: the link itself is what exists already.
  const bool follow = how.follow == Follow::Yes && !(how.create && how.exclusive);
  for (int race = 0; race < max_races; ++race) {
    const Place place = TRY(walk(root, path, follow ? LastLink::Follow : LastLink::FollowIfSlash));
    if (place.must_be_directory && how.create) return Errno::Isdir;
    const int flags = kernel_flags(how) | O_NOFOLLOW | (place.must_be_directory ? O_DIRECTORY : 0);
    const int number = ::openat(place.parent.number(), place.name.c_str(), flags, created_mode);
    if (number >= 0) return Fd::adopt(number);
    // The walk saw no link here, so one was put in meanwhile; look again.
    const bool raced = last_errno() == Errno::Loop && (follow || place.must_be_directory);
    if (!raced && last_errno() != Errno::Intr) return last_errno();
  }
  return Errno::Loop;
}

Result<FileStatus> status_of_entry(BorrowedFd parent, const char* name) noexcept {
  struct ::stat found{};
  if (::fstatat(parent.number(), name, &found, AT_SYMLINK_NOFOLLOW) < 0) return last_errno();
  return status_of(found);
}

}  // namespace

bool Resolver::kernel_resolves(BorrowedFd root) noexcept {
  if (method_ == Method::Detect) {
    // Nosys: Linux before 5.6. Perm: a seccomp filter older than the call.
    const Result<Fd> probe = open_beneath(root, ".", O_PATH | O_CLOEXEC);
    const bool lacking =
        !probe.has_value() && (probe.error() == Errno::Nosys || probe.error() == Errno::Perm);
    method_ = lacking ? Method::Walk : Method::Kernel;
  }
  return method_ == Method::Kernel;
}

/// Where the last component lies, itself unresolved.
Result<Place> Resolver::entry(BorrowedFd root, const Path& path) {
  const bool dots = path.ends_in_dots();
  if (!dots && path.parent().empty()) {
    return Place{Fd(), root, std::string(path.last()), false};
  }
  if (dots || !kernel_resolves(root)) return walk(root, path, LastLink::Keep);
  Result<Fd> held =
      open_beneath(root, std::string(path.parent()).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (!held.has_value()) {
    if (held.error() == Errno::Again) return walk(root, path, LastLink::Keep);
    return held.error();
  }
  const BorrowedFd parent = *held;
  return Place{*std::move(held), parent, std::string(path.last()), false};
}

Result<Fd> Resolver::open(BorrowedFd root, const Path& path, OpenHow how) {
  if (!kernel_resolves(root)) return open_by_walk(root, path, how);
  Result<Fd> opened = open_beneath(root, path.c_str(), kernel_flags(how));
  if (!opened.has_value() && opened.error() == Errno::Again) {
    return open_by_walk(root, path, how);
  }
  return opened;
}

Result<FileStatus> Resolver::status(BorrowedFd root, const Path& path, Follow follow) {
  if (path.text() == ".") return os::status(root);
  if (path.is_plain_name()) {  // one call where it can be one
    const FileStatus found = TRY(status_of_entry(root, path.c_str()));
    if (follow == Follow::No || found.type != FileType::Symlink) return found;
  }
  const Fd file = TRY(open(root, path, {.access = Access::PathOnly, .follow = follow}));
  return os::status(file);
}

Result<void> Resolver::set_times(BorrowedFd root, const Path& path, Follow follow,
                                 TimeChanges changes) {
  const Place place =
      TRY(walk(root, path, follow == Follow::Yes ? LastLink::Follow : LastLink::FollowIfSlash));
  if (place.must_be_directory) {
    const FileStatus found = TRY(status_of_entry(place.parent, place.name.c_str()));
    if (found.type != FileType::Directory) return Errno::Notdir;
  }
  return done_or_errno(::utimensat(place.parent.number(), place.name.c_str(),
                                   timespecs_of(changes).data(), AT_SYMLINK_NOFOLLOW));
}

Result<void> Resolver::create_directory(BorrowedFd root, const Path& path) {
  const Place place = TRY(entry(root, path));
  return done_or_errno(::mkdirat(place.parent.number(), place.name.c_str(), 0777));
}

Result<void> Resolver::remove_directory(BorrowedFd root, const Path& path) {
  const Place place = TRY(entry(root, path));
  return done_or_errno(::unlinkat(place.parent.number(), place.name.c_str(), AT_REMOVEDIR));
}

Result<void> Resolver::unlink(BorrowedFd root, const Path& path) {
  const Place place = TRY(entry(root, path));
  return done_or_errno(::unlinkat(place.parent.number(), place.name.c_str(), 0));
}

Result<void> Resolver::symlink(const Path& target, BorrowedFd root, const Path& path) {
  const Place place = TRY(entry(root, path));
  return done_or_errno(::symlinkat(target.c_str(), place.parent.number(), place.name.c_str()));
}

Result<std::size_t> Resolver::read_link(BorrowedFd root, const Path& path, core::ByteSpan into) {
  const Place place = TRY(entry(root, path));
  if (place.ends_with_slash()) {  // the kernel would follow the link, out of our hands
    const FileStatus found = TRY(status(root, path, Follow::Yes));
    return found.type == FileType::Directory ? Errno::Inval : Errno::Notdir;
  }
  // SAFETY: char may alias any object; the kernel writes at most into.size() bytes.
  const ::ssize_t size = ::readlinkat(place.parent.number(), place.name.c_str(),
                                      reinterpret_cast<char*>(into.data()), into.size());
  if (size < 0) return last_errno();
  const core::ByteView text = into.first(std::min(into.size(), static_cast<std::size_t>(size)));
  if (!text.empty() && !is_link_text(core::as_text(text))) return Errno::Io;
  return text.size();
}

Result<void> Resolver::rename(BorrowedFd from_root, const Path& from, BorrowedFd to_root,
                              const Path& to) {
  const Place source = TRY(entry(from_root, from));
  const Place target = TRY(entry(to_root, to));
  return done_or_errno(::renameat(source.parent.number(), source.name.c_str(),
                                  target.parent.number(), target.name.c_str()));
}

Result<void> Resolver::link(BorrowedFd from_root, const Path& from, BorrowedFd to_root,
                            const Path& to) {
  const Place source = TRY(entry(from_root, from));
  if (source.ends_with_slash()) {  // as in read_link()
    const FileStatus found = TRY(status(from_root, from, Follow::Yes));
    return found.type == FileType::Directory ? Errno::Perm : Errno::Notdir;
  }
  const Place target = TRY(entry(to_root, to));
  return done_or_errno(::linkat(source.parent.number(), source.name.c_str(), target.parent.number(),
                                target.name.c_str(), 0));
}

}  // namespace merlon::os
