#include "merlon/host/calls.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/os/errno.h"
#include "merlon/os/open.h"

// Each function that carries calls out knows those of one kind, and its `default:` hands on the
// others or refuses; tools/check_safety.py allows no other. What judges calls lists them all.
#pragma GCC diagnostic ignored "-Wswitch-enum"

namespace merlon::host {

using sallyport::Call;
using sallyport::Outcome;
using sallyport::Request;

namespace {

constexpr std::uint64_t second = 1'000'000'000;

Outcome refused(int number) noexcept { return {-number, 0}; }

/// The answer after a system call that failed just now.
Outcome failed_call() noexcept { return refused(static_cast<int>(os::last_errno())); }

/// An answer without bytes.
Outcome result(long value) noexcept { return value < 0 ? failed_call() : Outcome{value, 0}; }

/// An answer that brings as many bytes as it says.
Outcome bytes_read(::ssize_t count) noexcept {
  return count < 0 ? failed_call() : Outcome{count, static_cast<std::uint32_t>(count)};
}

int as_int(std::uint64_t argument) noexcept { return static_cast<int>(argument & 0x7fff'ffff); }
::off_t as_offset(std::uint64_t argument) noexcept { return static_cast<::off_t>(argument); }

template <sallyport::Item T>
std::optional<T> take_item(core::ByteView bytes) noexcept {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T item;
  std::memcpy(&item, bytes.data(), sizeof(T));
  return item;
}

/// Puts a record where the keep made room for exactly that.
template <sallyport::Item T>
Outcome put_record(const Request& request, const T& record) noexcept {
  if (request.room.size() != sizeof(T)) return refused(EINVAL);
  std::memcpy(request.room.data(), &record, sizeof(T));
  return {0, sizeof(T)};
}

std::uint64_t nanoseconds_of(const ::timespec& time) noexcept {
  if (time.tv_sec < 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * second +
         static_cast<std::uint64_t>(time.tv_nsec);
}

/// Status::open_file of a file.
std::uint32_t open_file_of(os::BorrowedFd file, const struct ::stat& found) noexcept {
  const int flags = ::fcntl(file.number(), F_GETFL);
  if (flags < 0) return 0;
  const bool terminal = S_ISCHR(found.st_mode) && ::isatty(file.number()) == 1;
  return sallyport::open_file_told | (terminal ? sallyport::open_file_is_terminal : 0) |
         (static_cast<std::uint32_t>(flags) & sallyport::known_status_flags);
}

Outcome put_status(const Request& request, int failed, const struct ::stat& found,
                   std::uint32_t open_file) noexcept {
  if (failed != 0) return failed_call();
  return put_record(request, sallyport::Status{.device = found.st_dev,
                                               .inode = found.st_ino,
                                               .links = found.st_nlink,
                                               .size = static_cast<std::uint64_t>(found.st_size),
                                               .accessed = nanoseconds_of(found.st_atim),
                                               .modified = nanoseconds_of(found.st_mtim),
                                               .changed = nanoseconds_of(found.st_ctim),
                                               .mode = found.st_mode,
                                               .open_file = open_file});
}

std::array<::timespec, 2> timespecs_of(const sallyport::Times& times) noexcept {
  const auto one = [](const sallyport::Time& time) {
    return ::timespec{time.seconds, static_cast<long>(time.nanoseconds)};
  };
  return {one(times.accessed), one(times.modified)};
}

/// A path of our own; nothing when it is none. The block may change while we look at it.
std::optional<std::string> take_path(core::ByteView bytes) {
  if (bytes.empty() || bytes.size() > sallyport::max_path) return std::nullopt;
  std::string path(core::as_text(bytes));
  if (path.find('\0') != std::string::npos) return std::nullopt;
  return path;
}

/// One name in a directory, maybe with slashes behind it: nothing that leads elsewhere.
bool is_entry(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return false;
  const std::string_view name = std::string_view(path).substr(0, end + 1);
  return name.find('/') == std::string_view::npos && name != "..";
}

/// What a keep may ask open to do; the rest of the flags is ours.
constexpr int open_flags = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_NONBLOCK |
                           O_DSYNC | O_SYNC | O_DIRECTORY | O_NOFOLLOW | O_PATH;
constexpr int changeable_flags = O_APPEND | O_NONBLOCK;

/// Nothing but an entry of the directory itself, opened without following it, needs no openat2.
bool leads_nowhere(const std::string& path, int flags) {
  return (flags & O_NOFOLLOW) != 0 && path != ".." && path.find('/') == std::string::npos;
}

/// Where the kernel has no openat2, or a sandbox forbids it, any other path is refused: the keep
/// walks then, entry by entry.
long open_beneath(os::BorrowedFd directory, const std::string& path, int flags, ::mode_t mode) {
  ::open_how how{};
  how.flags = static_cast<unsigned>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const long opened = ::syscall(SYS_openat2, directory.number(), path.c_str(), &how, sizeof(how));
  if (opened >= 0 || !leads_nowhere(path, flags)) return opened;
  const os::Errno why = os::last_errno();
  if (why != os::Errno::Nosys && why != os::Errno::Perm) return opened;
  return ::openat(directory.number(), path.c_str(), flags, mode);
}

Outcome synchronize(os::BorrowedFd file, bool data_only) noexcept {
  return result(data_only ? ::fdatasync(file.number()) : ::fsync(file.number()));
}

Outcome is_terminal(os::BorrowedFd file) noexcept {
  return ::isatty(file.number()) == 1 ? Outcome{} : refused(ENOTTY);
}

Outcome readable(os::BorrowedFd file) noexcept {
  int count = 0;
  if (::ioctl(file.number(), FIONREAD, &count) < 0) return failed_call();
  return {std::max(count, 0), 0};
}

/// A flag that is younger than this program is not told.
Outcome status_flags(os::BorrowedFd file) noexcept {
  constexpr auto known = static_cast<int>(sallyport::known_status_flags);
  const int flags = ::fcntl(file.number(), F_GETFL);
  return flags < 0 ? failed_call() : Outcome{flags & known, 0};
}

Outcome set_flags(os::BorrowedFd file, std::uint64_t flags) noexcept {
  const int before = ::fcntl(file.number(), F_GETFL);
  if (before < 0) return failed_call();
  return result(::fcntl(file.number(), F_SETFL,
                        (before & ~changeable_flags) | (as_int(flags) & changeable_flags)));
}

Outcome socket_option(os::BorrowedFd file, std::uint64_t option) noexcept {
  using sallyport::SocketOption;
  const int name =
      option == static_cast<std::uint64_t>(SocketOption::Listening) ? SO_ACCEPTCONN : SO_TYPE;
  int value = 0;
  ::socklen_t size = sizeof(value);
  if (::getsockopt(file.number(), SOL_SOCKET, name, &value, &size) < 0) return failed_call();
  return {value, 0};
}

Outcome clock(std::uint64_t which) noexcept {
  ::timespec time{};
  if (::clock_gettime(as_int(which), &time) < 0) return failed_call();
  return {static_cast<std::int64_t>(nanoseconds_of(time)), 0};
}

/// A keep's last words, for the user; said to be the keep's, since they are no more than its word.
Outcome complain(core::ByteView bytes, std::size_t& complaints) {
  constexpr std::size_t longest = 256;
  constexpr std::size_t most = 8;
  if (complaints == most) return {};
  const bool last = ++complaints == most;
  const base::Printable text =
      base::Printable::line(core::as_text(bytes.first(std::min(bytes.size(), longest))), longest);
  const std::string line = base::concat("merlon: the keep says: ", text.text(),
                                        last ? " (what else it says is left out)\n" : "\n");
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(line)));
  return {};
}

}  // namespace

Outcome Machine::attest(const Request& /*request*/) { return refused(EOPNOTSUPP); }

std::optional<std::uint32_t> DescriptorTable::insert(os::Fd file, Grant grant) {
  for (std::uint32_t number = 0; number < files_.size(); ++number) {
    if (files_[number].is_open()) continue;
    files_[number] = std::move(file);
    grants_[number] = grant;
    return number;
  }
  return std::nullopt;
}

std::optional<os::BorrowedFd> DescriptorTable::find(std::uint64_t number) const {
  if (number >= files_.size() || !files_[number].is_open()) return std::nullopt;
  return os::BorrowedFd(files_[number]);
}

bool DescriptorTable::close(std::uint64_t number) {
  if (!find(number)) return false;
  files_[number].close();
  return true;
}

/// Hands a file that a system call has just opened to the keep.
Outcome Calls::give(int number, Grant grant) {
  if (number < 0) return failed_call();
  const auto inserted = descriptors_.insert(os::Fd::adopt(number), grant);
  return inserted ? Outcome{*inserted, 0} : refused(EMFILE);
}

Outcome Calls::on_descriptor(const Request& request, os::BorrowedFd file) {
  const auto& [number, first, later, last, e, f] = request.arguments;
  const core::ByteView sent = request.sent;
  const core::ByteSpan room = request.room;
  const int fd = file.number();
  switch (request.call) {
    case Call::Read: return bytes_read(::read(fd, room.data(), room.size()));
    case Call::ReadAt: return bytes_read(::pread(fd, room.data(), room.size(), as_offset(first)));
    case Call::Write: return result(::write(fd, sent.data(), sent.size()));
    case Call::WriteAt: return result(::pwrite(fd, sent.data(), sent.size(), as_offset(first)));
    case Call::Seek: return result(::lseek(fd, as_offset(first), as_int(later)));
    case Call::Duplicate:
      return give(::fcntl(fd, F_DUPFD_CLOEXEC, 3), descriptors_.grant_of(number));
    case Call::GetFlags: return status_flags(file);
    case Call::SetFlags: return set_flags(file, first);
    case Call::Readable: return readable(file);
    case Call::IsTerminal: return is_terminal(file);
    case Call::Synchronize: return synchronize(file, first != 0);
    case Call::Truncate: return result(::ftruncate(fd, as_offset(first)));
    case Call::Allocate:
      return result(::fallocate(fd, as_int(first), as_offset(later), as_offset(last)));
    case Call::Advise: {
      const int error = ::posix_fadvise(fd, as_offset(first), as_offset(later), as_int(last));
      return error == 0 ? Outcome{} : refused(error);
    }
    case Call::Status: {
      struct ::stat found{};
      const int failed = ::fstat(fd, &found);
      return put_status(request, failed, found, failed == 0 ? open_file_of(file, found) : 0);
    }
    case Call::SetTimes: {
      const auto times = take_item<sallyport::Times>(sent);
      return times ? result(::futimens(fd, timespecs_of(*times).data())) : refused(EINVAL);
    }
    case Call::ReadDirectory: return bytes_read(::getdents64(fd, room.data(), room.size()));
    default: return on_socket(request, file);
  }
}

Outcome Calls::on_socket(const Request& request, os::BorrowedFd file) {
  const int fd = file.number();
  const std::uint64_t argument = request.arguments[1];
  switch (request.call) {
    case Call::Accept: {
      constexpr int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
      return give(::accept4(fd, nullptr, nullptr, flags));
    }
    case Call::Receive:
      return bytes_read(::recv(fd, request.room.data(), request.room.size(),
                               MSG_DONTWAIT | (as_int(argument) & MSG_PEEK)));
    case Call::Send:
      return result(
          ::send(fd, request.sent.data(), request.sent.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    case Call::ShutDown: return result(::shutdown(fd, as_int(argument)));
    case Call::SocketOption: return socket_option(file, argument);
    case Call::ReceiveDescriptors: return hand_over(request);
    default: return on_names(request, file);
  }
}

Outcome Calls::on_names(const Request& request, os::BorrowedFd directory) {
  if (request.call == Call::Rename || request.call == Call::Link || request.call == Call::Symlink) {
    return on_two_names(request, directory);
  }
  core::ByteView name = request.sent;
  std::optional<sallyport::Times> times;
  if (request.call == Call::SetTimesAt) {
    times = take_item<sallyport::Times>(name);
    if (!times) return refused(EINVAL);
    name = name.subspan(sizeof(*times));
  }
  const auto path = take_path(name);
  if (!path) return refused(ENOENT);
  const int fd = directory.number();
  const std::uint64_t argument = request.arguments[1];
  if (request.call == Call::Open) {
    int flags = (as_int(argument) & open_flags) | O_CLOEXEC;
    if ((flags & O_PATH) == 0) flags |= O_NOCTTY;  // the two exclude each other
    const auto mode = static_cast<::mode_t>(request.arguments[2] & 0777);
    return give(static_cast<int>(open_beneath(directory, *path, flags, mode)),
                descriptors_.grant_of(request.arguments[0]));
  }
  if (!is_entry(*path)) return refused(EPERM);
  // With a slash behind it the kernel follows a link, whatever it is told.
  const bool follows =
      path->back() == '/' && request.call != Call::MakeDirectory && request.call != Call::Remove;
  if (follows) return refused(ENOTDIR);
  switch (request.call) {
    case Call::StatusAt: {
      struct ::stat found{};
      const int failed = ::fstatat(fd, path->c_str(), &found, AT_SYMLINK_NOFOLLOW);
      return put_status(request, failed, found, 0);
    }
    case Call::SetTimesAt:
      return result(
          ::utimensat(fd, path->c_str(), timespecs_of(*times).data(), AT_SYMLINK_NOFOLLOW));
    case Call::MakeDirectory:
      return result(::mkdirat(fd, path->c_str(), static_cast<::mode_t>(argument & 0777)));
    case Call::Remove:
      return result(::unlinkat(fd, path->c_str(), as_int(argument) & AT_REMOVEDIR));
    case Call::ReadLink:
      // SAFETY: char may alias any object; the kernel writes at most room.size() bytes.
      return bytes_read(::readlinkat(
          fd, path->c_str(), reinterpret_cast<char*>(request.room.data()), request.room.size()));
    default: return refused(ENOSYS);
  }
}

Outcome Calls::on_two_names(const Request& request, os::BorrowedFd directory) {
  const std::vector<std::uint8_t> copied(request.sent.begin(), request.sent.end());
  const auto separator = std::find(copied.begin(), copied.end(), 0);
  if (separator == copied.end()) return refused(EINVAL);
  const auto split = static_cast<std::size_t>(separator - copied.begin());
  const auto first = take_path(core::ByteView(copied).first(split));
  const auto second_name = take_path(core::ByteView(copied).subspan(split + 1));
  if (!first || !second_name) return refused(ENOENT);
  if (!is_entry(*second_name)) return refused(EPERM);
  if (request.call == Call::Symlink) {
    // The link's text is only text: nothing that we open for a keep follows it out.
    return result(::symlinkat(first->c_str(), directory.number(), second_name->c_str()));
  }
  if (!is_entry(*first)) return refused(EPERM);
  const auto other = descriptors_.find(request.arguments[1]);
  if (!other) return refused(EBADF);
  if (request.call == Call::Rename) {
    return result(
        ::renameat(directory.number(), first->c_str(), other->number(), second_name->c_str()));
  }
  if (first->back() == '/') return refused(ENOTDIR);
  return result(
      ::linkat(directory.number(), first->c_str(), other->number(), second_name->c_str(), 0));
}

/// What is left of the letter; its files come with the first byte.
Outcome Calls::hand_over(const Request& request) {
  constexpr std::size_t most_numbers = sallyport::max_delivered_descriptors * sizeof(std::uint32_t);
  constexpr std::size_t overhead = sizeof(sallyport::DeliveryHeader) + most_numbers;
  const core::ByteSpan room = request.room;
  if (room.size() < overhead) return refused(EINVAL);
  const core::ByteView left = core::ByteView(letter_.bytes).subspan(letter_read_);
  const std::size_t size = std::min(
      {left.size(), room.size() - overhead, static_cast<std::size_t>(request.arguments[1])});
  std::uint8_t* to = room.data();
  const auto put = [&to](const void* from, std::size_t count) {
    if (count != 0) std::memcpy(to, from, count);
    to += count;
  };
  std::vector<Letter::Enclosure> files = std::exchange(letter_.files, {});
  const sallyport::DeliveryHeader header{static_cast<std::uint32_t>(files.size())};
  put(&header, sizeof(header));
  for (Letter::Enclosure& enclosure : files) {
    const auto number = descriptors_.insert(std::move(enclosure.file), enclosure.grant);
    if (!number) return refused(EMFILE);
    put(&*number, sizeof(*number));
  }
  put(left.data(), size);
  letter_read_ += size;
  return {static_cast<std::int64_t>(size), static_cast<std::uint32_t>(to - room.data())};
}

Outcome Calls::poll(const Request& request) {
  const std::uint64_t count = request.arguments[0];
  const std::size_t size = request.sent.size();
  if (count > sallyport::max_poll_items || size != count * sizeof(sallyport::PollItem) ||
      request.room.size() != size) {
    return refused(EINVAL);
  }
  std::vector<sallyport::PollItem> items(count);
  if (size != 0) std::memcpy(items.data(), request.sent.data(), size);
  std::vector<::pollfd> files;
  for (const sallyport::PollItem& item : items) {
    int fd = -1;
    if (item.descriptor >= 0) {
      const auto file = descriptors_.find(static_cast<std::uint64_t>(item.descriptor));
      if (!file) return refused(EBADF);
      fd = file->number();
    }
    files.push_back({fd, static_cast<short>(item.events), 0});
  }
  const std::uint64_t timeout = request.arguments[1];
  const ::timespec limit{static_cast<::time_t>(timeout / second),
                         static_cast<long>(timeout % second)};
  const int ready = ::ppoll(files.data(), files.size(),
                            timeout == sallyport::forever ? nullptr : &limit, nullptr);
  if (ready < 0) return failed_call();
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].ready = static_cast<std::uint16_t>(files[i].revents);
  }
  if (size != 0) std::memcpy(request.room.data(), items.data(), size);
  return {ready, static_cast<std::uint32_t>(size)};
}

Outcome Calls::grow(const Request& request) {
  const auto range = machine_->grow(request.arguments[0]);
  return range ? put_record(request, *range) : refused(ENOMEM);
}

Outcome Calls::without_descriptor(const Request& request) {
  const auto& arguments = request.arguments;
  switch (request.call) {
    case Call::Poll: return poll(request);
    case Call::Event: return give(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    case Call::Clock: return clock(arguments[0]);
    case Call::SetTimer:
      return machine_->set_timer(arguments[0], arguments[1]) ? Outcome{} : refused(EINVAL);
    case Call::GrowMemory: return grow(request);
    case Call::ReleaseMemory:
      return machine_->release({arguments[0], arguments[1]}) ? Outcome{} : refused(EINVAL);
    case Call::Complain: return complain(request.sent, complaints_);
    case Call::Exit: ended_ = static_cast<int>(arguments[0] & 0xff); return {};
    case Call::Attest: return machine_->attest(request);
    default: return refused(EOPNOTSUPP);
  }
}

/// Whether the request would change what the keep may only read. The keep knows that as well; here
/// it is held against a keep that broke out.
bool Calls::is_forbidden(const Request& request) const {
  const auto is_read_only = [&](std::uint64_t number) {
    return descriptors_.find(number) && descriptors_.grant_of(number) == Grant::ReadOnly;
  };
  const bool here = is_read_only(request.arguments[0]);
  switch (request.call) {
    case Call::Open: {
      const int flags = as_int(request.arguments[1]);
      return here && ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0);
    }
    case Call::Rename:
    case Call::Link: return here || is_read_only(request.arguments[1]);
    case Call::Write:
    case Call::WriteAt:
    case Call::Truncate:
    case Call::Allocate:
    case Call::SetTimes:
    case Call::SetTimesAt:
    case Call::MakeDirectory:
    case Call::Remove:
    case Call::Symlink: return here;
    case Call::Read:
    case Call::ReadAt:
    case Call::Seek:
    case Call::Close:
    case Call::Duplicate:
    case Call::GetFlags:
    case Call::SetFlags:
    case Call::Readable:
    case Call::IsTerminal:
    case Call::Synchronize:
    case Call::Advise:
    case Call::Status:
    case Call::StatusAt:
    case Call::ReadLink:
    case Call::ReadDirectory:
    case Call::Accept:
    case Call::Receive:
    case Call::Send:
    case Call::ShutDown:
    case Call::SocketOption:
    case Call::ReceiveDescriptors:
    case Call::Poll:
    case Call::Event:
    case Call::Clock:
    case Call::SetTimer:
    case Call::GrowMemory:
    case Call::ReleaseMemory:
    case Call::Complain:
    case Call::Exit:
    case Call::Attest: return false;
  }
  return true;
}

/// What was interrupted has done nothing, and only some calls may say so.
Outcome Calls::carry_out(const Request& request) {
  if (is_forbidden(request)) return refused(EROFS);
  for (;;) {
    const Outcome outcome = carry_out_once(request);
    const auto reply = sallyport::info_of(request.call).reply;
    if (outcome.result != -EINTR || sallyport::may_be_interrupted(reply)) return outcome;
  }
}

Outcome Calls::carry_out_once(const Request& request) {
  switch (request.call) {
    case Call::Poll:
    case Call::Event:
    case Call::Clock:
    case Call::SetTimer:
    case Call::GrowMemory:
    case Call::ReleaseMemory:
    case Call::Complain:
    case Call::Exit:
    case Call::Attest: return without_descriptor(request);
    case Call::Close: return descriptors_.close(request.arguments[0]) ? Outcome{} : refused(EBADF);
    case Call::Read:
    case Call::Write:
    case Call::ReadAt:
    case Call::WriteAt:
    case Call::Seek:
    case Call::Duplicate:
    case Call::GetFlags:
    case Call::SetFlags:
    case Call::Readable:
    case Call::IsTerminal:
    case Call::Synchronize:
    case Call::Truncate:
    case Call::Allocate:
    case Call::Advise:
    case Call::Status:
    case Call::SetTimes:
    case Call::Open:
    case Call::StatusAt:
    case Call::SetTimesAt:
    case Call::MakeDirectory:
    case Call::Remove:
    case Call::Rename:
    case Call::Link:
    case Call::Symlink:
    case Call::ReadLink:
    case Call::ReadDirectory:
    case Call::Accept:
    case Call::Receive:
    case Call::Send:
    case Call::ShutDown:
    case Call::SocketOption:
    case Call::ReceiveDescriptors: break;
  }
  const auto file = descriptors_.find(request.arguments[0]);
  return file ? on_descriptor(request, *file) : refused(EBADF);
}

}  // namespace merlon::host
