#include "merlon/host/call_handlers.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/os/open.h"

namespace merlon::host {

using sallyport::Call;
using sallyport::Outcome;
using sallyport::Request;

namespace {

/// Bytes of the keep that nobody changes any more.
using Copy = std::vector<std::uint8_t>;

/// At most the first `most`; what is longer than a call can use is as wrong as one byte more.
Copy copy_of(sallyport::SharedBytes bytes, std::size_t most) {
  Copy copy(std::min(bytes.size(), most));
  bytes.copy_in(copy);
  return copy;
}

constexpr std::size_t longest_path = sallyport::max_path + 1;  // which is refused

/// An answer without bytes.
Outcome result(long value) noexcept { return value < 0 ? failed_call() : Outcome{value, 0}; }

/// An answer that brings as many bytes as it says.
Outcome bytes_read(::ssize_t count) noexcept {
  return count < 0 ? failed_call() : Outcome{count, static_cast<std::uint64_t>(count)};
}

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
  // SAFETY: any object may be looked at as bytes.
  request.room.copy_out({reinterpret_cast<const std::uint8_t*>(&record), sizeof(T)});
  return {0, sizeof(T)};
}

std::uint64_t nanoseconds_of(const ::timespec& time) noexcept {
  if (time.tv_sec < 0) return 0;
  return static_cast<std::uint64_t>(time.tv_sec) * nanoseconds_per_second +
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

/// A path of our own; nothing when it is none.
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

Outcome bytes_that_wait(os::BorrowedFd file) noexcept {
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

Outcome change_flags(os::BorrowedFd file, std::uint64_t flags) noexcept {
  const int before = ::fcntl(file.number(), F_GETFL);
  if (before < 0) return failed_call();
  return result(::fcntl(file.number(), F_SETFL,
                        (before & ~changeable_flags) | (as_int(flags) & changeable_flags)));
}

Outcome option_of(os::BorrowedFd file, std::uint64_t option) noexcept {
  using sallyport::SocketOption;
  const int name =
      option == static_cast<std::uint64_t>(SocketOption::Listening) ? SO_ACCEPTCONN : SO_TYPE;
  int value = 0;
  ::socklen_t size = sizeof(value);
  if (::getsockopt(file.number(), SOL_SOCKET, name, &value, &size) < 0) return failed_call();
  return {value, 0};
}

/// Of a clock that is everybody's; below zero are the processor times of the machine's processes.
Outcome time_of(std::uint64_t which) noexcept {
  if (which > CLOCK_TAI) return refused(EINVAL);
  ::timespec time{};
  if (::clock_gettime(as_int(which), &time) < 0) return failed_call();
  return {static_cast<std::int64_t>(nanoseconds_of(time)), 0};
}

/// A keep's last words, for the user; said to be the keep's, since they are no more than its word.
Outcome print_complaint(sallyport::SharedBytes bytes, std::size_t& complaints) {
  constexpr std::size_t longest = 256;
  constexpr std::size_t most = 8;
  if (complaints == most) return {};
  const bool last = ++complaints == most;
  const Copy copy = copy_of(bytes, longest);
  const base::Printable text = base::Printable::line(core::as_text(copy), longest);
  const std::string line = base::concat("merlon: the keep says: ", text.text(),
                                        last ? " (what else it says is left out)\n" : "\n");
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(line)));
  return {};
}

/// A path, or what to answer instead.
using Path = core::Result<std::string, Outcome>;

/// The name of an entry of a directory, of which nothing is followed.
Path take_entry(core::ByteView name) {
  auto path = take_path(name);
  if (!path) return refused(ENOENT);
  if (!is_entry(*path)) return refused(EPERM);
  return *std::move(path);
}

/// The same of an entry that is there and no directory: with a slash behind it the kernel follows a
/// link, whatever it is told.
Path take_plain_entry(core::ByteView name) {
  Path path = take_entry(name);
  if (path && path->back() == '/') return refused(ENOTDIR);
  return path;
}

struct TwoPaths {
  std::string first;
  std::string second;
};

/// Two paths with a NUL between them, of which the second is an entry.
core::Result<TwoPaths, Outcome> take_two_paths(sallyport::SharedBytes sent) {
  const Copy copied = copy_of(sent, 2 * sallyport::max_path + 2);
  const auto separator = std::find(copied.begin(), copied.end(), 0);
  if (separator == copied.end()) return refused(EINVAL);
  const auto split = static_cast<std::size_t>(separator - copied.begin());
  auto first = take_path(core::ByteView(copied).first(split));
  auto second = take_path(core::ByteView(copied).subspan(split + 1));
  if (!first || !second) return refused(ENOENT);
  if (!is_entry(*second)) return refused(EPERM);
  return TwoPaths{*std::move(first), *std::move(second)};
}

}  // namespace

/// What each call becomes.
struct Calls::Handlers {
  using File = os::BorrowedFd;

  // KERNEL: here and below: what it reads and writes is files', and nothing of it is looked at
  // here.
  static Outcome read(Calls& /*calls*/, const Request& request, File file) {
    return bytes_read(::read(file.number(), request.room.for_the_kernel(), request.room.size()));
  }
  static Outcome read_at(Calls& /*calls*/, const Request& request, File file) {
    return bytes_read(::pread(file.number(), request.room.for_the_kernel(), request.room.size(),
                              as_offset(request.arguments[1])));
  }
  static Outcome write(Calls& /*calls*/, const Request& request, File file) {
    return result(::write(file.number(), request.sent.for_the_kernel(), request.sent.size()));
  }
  static Outcome write_at(Calls& /*calls*/, const Request& request, File file) {
    return result(::pwrite(file.number(), request.sent.for_the_kernel(), request.sent.size(),
                           as_offset(request.arguments[1])));
  }
  static Outcome seek(Calls& /*calls*/, const Request& request, File file) {
    const auto& [number, offset, whence, d] = request.arguments;
    return result(::lseek(file.number(), as_offset(offset), as_int(whence)));
  }
  static Outcome close(Calls& calls, const Request& request, File /*file*/) {
    return calls.descriptors_.close(request.arguments[0]) ? Outcome{} : refused(EBADF);
  }
  static Outcome duplicate(Calls& calls, const Request& request, File file) {
    return calls.give(::fcntl(file.number(), F_DUPFD_CLOEXEC, 3),
                      calls.descriptors_.grant_of(request.arguments[0]));
  }
  static Outcome get_flags(Calls& /*calls*/, const Request& /*request*/, File file) {
    return status_flags(file);
  }
  static Outcome set_flags(Calls& /*calls*/, const Request& request, File file) {
    return change_flags(file, request.arguments[1]);
  }
  static Outcome readable(Calls& /*calls*/, const Request& /*request*/, File file) {
    return bytes_that_wait(file);
  }
  static Outcome is_terminal(Calls& /*calls*/, const Request& /*request*/, File file) {
    return ::isatty(file.number()) == 1 ? Outcome{} : refused(ENOTTY);
  }
  static Outcome synchronize(Calls& /*calls*/, const Request& request, File file) {
    const bool data_only = request.arguments[1] != 0;
    return result(data_only ? ::fdatasync(file.number()) : ::fsync(file.number()));
  }
  static Outcome truncate(Calls& /*calls*/, const Request& request, File file) {
    return result(::ftruncate(file.number(), as_offset(request.arguments[1])));
  }
  static Outcome allocate(Calls& /*calls*/, const Request& request, File file) {
    const auto& [number, mode, offset, size] = request.arguments;
    return result(::fallocate(file.number(), as_int(mode), as_offset(offset), as_offset(size)));
  }
  static Outcome advise(Calls& /*calls*/, const Request& request, File file) {
    const auto& [number, offset, size, advice] = request.arguments;
    const int error =
        ::posix_fadvise(file.number(), as_offset(offset), as_offset(size), as_int(advice));
    return error == 0 ? Outcome{} : refused(error);
  }
  static Outcome status(Calls& /*calls*/, const Request& request, File file) {
    struct ::stat found{};
    const int failed = ::fstat(file.number(), &found);
    return put_status(request, failed, found, failed == 0 ? open_file_of(file, found) : 0);
  }
  static Outcome set_times(Calls& /*calls*/, const Request& request, File file) {
    const auto times = take_item<sallyport::Times>(copy_of(request.sent, sizeof(sallyport::Times)));
    return times ? result(::futimens(file.number(), timespecs_of(*times).data())) : refused(EINVAL);
  }

  static Outcome open(Calls& calls, const Request& request, File directory) {
    const auto path = take_path(copy_of(request.sent, longest_path));
    if (!path) return refused(ENOENT);
    int flags = (as_int(request.arguments[1]) & open_flags) | O_CLOEXEC;
    if ((flags & O_PATH) == 0) flags |= O_NOCTTY;  // the two exclude each other
    const auto mode = static_cast<::mode_t>(request.arguments[2] & 0777);
    return calls.give(static_cast<int>(open_beneath(directory, *path, flags, mode)),
                      calls.descriptors_.grant_of(request.arguments[0]));
  }
  static Outcome status_at(Calls& /*calls*/, const Request& request, File directory) {
    const Path path = take_plain_entry(copy_of(request.sent, longest_path));
    if (!path) return path.error();
    struct ::stat found{};
    const int failed = ::fstatat(directory.number(), path->c_str(), &found, AT_SYMLINK_NOFOLLOW);
    return put_status(request, failed, found, 0);
  }
  static Outcome set_times_at(Calls& /*calls*/, const Request& request, File directory) {
    const Copy sent = copy_of(request.sent, sizeof(sallyport::Times) + longest_path);
    const auto times = take_item<sallyport::Times>(sent);
    if (!times) return refused(EINVAL);
    const Path path = take_plain_entry(core::ByteView(sent).subspan(sizeof(*times)));
    if (!path) return path.error();
    return result(::utimensat(directory.number(), path->c_str(), timespecs_of(*times).data(),
                              AT_SYMLINK_NOFOLLOW));
  }
  static Outcome make_directory(Calls& /*calls*/, const Request& request, File directory) {
    const Path path = take_entry(copy_of(request.sent, longest_path));
    if (!path) return path.error();
    return result(::mkdirat(directory.number(), path->c_str(),
                            static_cast<::mode_t>(request.arguments[1] & 0777)));
  }
  static Outcome remove(Calls& /*calls*/, const Request& request, File directory) {
    const Path path = take_entry(copy_of(request.sent, longest_path));
    if (!path) return path.error();
    return result(
        ::unlinkat(directory.number(), path->c_str(), as_int(request.arguments[1]) & AT_REMOVEDIR));
  }
  static Outcome rename(Calls& calls, const Request& request, File directory) {
    const auto paths = take_two_paths(request.sent);
    if (!paths) return paths.error();
    if (!is_entry(paths->first)) return refused(EPERM);
    const auto other = calls.descriptors_.find(request.arguments[1]);
    if (!other) return refused(EBADF);
    return result(::renameat(directory.number(), paths->first.c_str(), other->number(),
                             paths->second.c_str()));
  }
  static Outcome link(Calls& calls, const Request& request, File directory) {
    const auto paths = take_two_paths(request.sent);
    if (!paths) return paths.error();
    if (!is_entry(paths->first)) return refused(EPERM);
    const auto other = calls.descriptors_.find(request.arguments[1]);
    if (!other) return refused(EBADF);
    if (paths->first.back() == '/') return refused(ENOTDIR);
    return result(::linkat(directory.number(), paths->first.c_str(), other->number(),
                           paths->second.c_str(), 0));
  }
  static Outcome symlink(Calls& /*calls*/, const Request& request, File directory) {
    const auto paths = take_two_paths(request.sent);
    if (!paths) return paths.error();
    // The link's text is only text: nothing that we open for a keep follows it out.
    return result(::symlinkat(paths->first.c_str(), directory.number(), paths->second.c_str()));
  }
  static Outcome read_link(Calls& /*calls*/, const Request& request, File directory) {
    const Path path = take_plain_entry(copy_of(request.sent, longest_path));
    if (!path) return path.error();
    // KERNEL: the link's text, of at most room.size() bytes, is the keep's.
    return bytes_read(::readlinkat(directory.number(), path->c_str(),
                                   static_cast<char*>(request.room.for_the_kernel()),
                                   request.room.size()));
  }
  static Outcome read_directory(Calls& /*calls*/, const Request& request, File directory) {
    return bytes_read(
        ::getdents64(directory.number(), request.room.for_the_kernel(), request.room.size()));
  }

  static Outcome accept(Calls& calls, const Request& /*request*/, File socket) {
    constexpr int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
    return calls.give(::accept4(socket.number(), nullptr, nullptr, flags));
  }
  // KERNEL: here and below: what it reads and writes is a socket's.
  static Outcome receive(Calls& /*calls*/, const Request& request, File socket) {
    return bytes_read(::recv(socket.number(), request.room.for_the_kernel(), request.room.size(),
                             MSG_DONTWAIT | (as_int(request.arguments[1]) & MSG_PEEK)));
  }
  static Outcome send(Calls& /*calls*/, const Request& request, File socket) {
    return result(::send(socket.number(), request.sent.for_the_kernel(), request.sent.size(),
                         MSG_DONTWAIT | MSG_NOSIGNAL));
  }
  static Outcome shut_down(Calls& /*calls*/, const Request& request, File socket) {
    return result(::shutdown(socket.number(), as_int(request.arguments[1])));
  }
  static Outcome socket_option(Calls& /*calls*/, const Request& request, File socket) {
    return option_of(socket, request.arguments[1]);
  }
  static Outcome receive_descriptors(Calls& calls, const Request& request, File socket) {
    return calls.hand_over(request, socket);
  }

  static Outcome poll(Calls& calls, const Request& request, File /*none*/) {
    return calls.poll(request);
  }
  static Outcome event(Calls& calls, const Request& /*request*/, File /*none*/) {
    return calls.give(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }
  static Outcome clock(Calls& /*calls*/, const Request& request, File /*none*/) {
    return time_of(request.arguments[0]);
  }
  static Outcome set_timer(Calls& calls, const Request& request, File /*none*/) {
    const auto& [first, interval, c, d] = request.arguments;
    return calls.machine_->set_timer(first, interval) ? Outcome{} : refused(EINVAL);
  }
  static Outcome grow_memory(Calls& calls, const Request& request, File /*none*/) {
    const auto range = calls.machine_->grow(request.arguments[0]);
    return range ? put_record(request, *range) : refused(ENOMEM);
  }
  static Outcome release_memory(Calls& calls, const Request& request, File /*none*/) {
    const auto& [address, size, c, d] = request.arguments;
    return calls.machine_->release({address, size}) ? Outcome{} : refused(EINVAL);
  }
  static Outcome change_pages(Calls& calls, const Request& request, File /*none*/) {
    return calls.machine_->change_pages(request.arguments);
  }
  static Outcome complain(Calls& calls, const Request& request, File /*none*/) {
    return print_complaint(request.sent, calls.complaints_);
  }
  static Outcome exit(Calls& calls, const Request& request, File /*none*/) {
    calls.ended_ = static_cast<int>(request.arguments[0] & 0xff);
    return {};
  }
  static Outcome attest(Calls& calls, const Request& request, File /*none*/) {
    return calls.machine_->attest(request);
  }
};

const Calls::Row& Calls::row_of(Call call) noexcept {
  using enum Row::Changes;
  constexpr auto File = Row::About::File;
  constexpr auto None = Row::About::Nothing;
  static constexpr auto rows = std::array{
      Row{Call::Read, File, Nothing, &Handlers::read},
      Row{Call::Write, File, First, &Handlers::write},
      Row{Call::ReadAt, File, Nothing, &Handlers::read_at},
      Row{Call::WriteAt, File, First, &Handlers::write_at},
      Row{Call::Seek, File, Nothing, &Handlers::seek},
      Row{Call::Close, File, Nothing, &Handlers::close},
      Row{Call::Duplicate, File, Nothing, &Handlers::duplicate},
      Row{Call::GetFlags, File, Nothing, &Handlers::get_flags},
      Row{Call::SetFlags, File, Nothing, &Handlers::set_flags},
      Row{Call::Readable, File, Nothing, &Handlers::readable},
      Row{Call::IsTerminal, File, Nothing, &Handlers::is_terminal},
      Row{Call::Synchronize, File, Nothing, &Handlers::synchronize},
      Row{Call::Truncate, File, First, &Handlers::truncate},
      Row{Call::Allocate, File, First, &Handlers::allocate},
      Row{Call::Advise, File, Nothing, &Handlers::advise},
      Row{Call::Status, File, Nothing, &Handlers::status},
      Row{Call::SetTimes, File, First, &Handlers::set_times},
      Row{Call::Open, File, IfOpenedSo, &Handlers::open},
      Row{Call::StatusAt, File, Nothing, &Handlers::status_at},
      Row{Call::SetTimesAt, File, First, &Handlers::set_times_at},
      Row{Call::MakeDirectory, File, First, &Handlers::make_directory},
      Row{Call::Remove, File, First, &Handlers::remove},
      Row{Call::Rename, File, Both, &Handlers::rename},
      Row{Call::Link, File, Both, &Handlers::link},
      Row{Call::Symlink, File, First, &Handlers::symlink},
      Row{Call::ReadLink, File, Nothing, &Handlers::read_link},
      Row{Call::ReadDirectory, File, Nothing, &Handlers::read_directory},
      Row{Call::Accept, File, Nothing, &Handlers::accept},
      Row{Call::Receive, File, Nothing, &Handlers::receive},
      Row{Call::Send, File, Nothing, &Handlers::send},
      Row{Call::ShutDown, File, Nothing, &Handlers::shut_down},
      Row{Call::SocketOption, File, Nothing, &Handlers::socket_option},
      Row{Call::ReceiveDescriptors, File, Nothing, &Handlers::receive_descriptors},
      Row{Call::Poll, None, Nothing, &Handlers::poll},
      Row{Call::Event, None, Nothing, &Handlers::event},
      Row{Call::Clock, None, Nothing, &Handlers::clock},
      Row{Call::SetTimer, None, Nothing, &Handlers::set_timer},
      Row{Call::GrowMemory, None, Nothing, &Handlers::grow_memory},
      Row{Call::ReleaseMemory, None, Nothing, &Handlers::release_memory},
      Row{Call::Complain, None, Nothing, &Handlers::complain},
      Row{Call::Exit, None, Nothing, &Handlers::exit},
      Row{Call::ChangePages, None, Nothing, &Handlers::change_pages},
      Row{Call::Attest, None, Nothing, &Handlers::attest},
  };
  static_assert(
      std::ranges::equal(rows, sallyport::call_table, {}, &Row::call, &sallyport::CallInfo::call));
  return rows[static_cast<std::size_t>(&sallyport::info_of(call) - sallyport::call_table.data())];
}

}  // namespace merlon::host
