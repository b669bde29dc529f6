#include "merlon/os/local_socket.h"

#include <cstring>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "merlon/os/errno.h"
#include "merlon/os/process.h"

namespace merlon::os {

namespace {

Result<::sockaddr_un> address_of(const std::string& path) noexcept {
  ::sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) return Errno::Nametoolong;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Fd> new_socket() noexcept {
  const int number = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (number < 0) return last_errno();
  return Fd::adopt(number);
}

::timeval time_of(std::chrono::microseconds patience) noexcept {
  constexpr std::int64_t second = 1'000'000;
  return {patience.count() / second, patience.count() % second};
}

}  // namespace

Result<Fd> listen_local(const std::string& path) noexcept {
  const ::sockaddr_un address = TRY(address_of(path));
  Fd socket = TRY(new_socket());
  constexpr int backlog = 64;
  const ::mode_t before = ::umask(0177);
  // SAFETY: every address begins with its family.
  const int bound =
      ::bind(socket.number(), reinterpret_cast<const ::sockaddr*>(&address), sizeof(address));
  const Errno trouble = last_errno();
  ::umask(before);
  if (bound < 0) return trouble;
  if (::listen(socket.number(), backlog) < 0) return last_errno();
  return socket;
}

Result<Fd> connect_local(const std::string& path,
                         std::optional<std::chrono::microseconds> patience) noexcept {
  const ::sockaddr_un address = TRY(address_of(path));
  Fd socket = TRY(new_socket());
  if (patience) {
    // Of sending, which connecting is.
    const ::timeval time = time_of(*patience);
    if (::setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) < 0) {
      return last_errno();
    }
  }
  // SAFETY: every address begins with its family.
  const int connected =
      ::connect(socket.number(), reinterpret_cast<const ::sockaddr*>(&address), sizeof(address));
  if (connected < 0) return last_errno();
  return socket;
}

Result<Fd> listen_local_anew(const std::string& path) noexcept {
  auto socket = listen_local(path);
  if (socket || socket.error() != Errno::Addrinuse) return socket;
  const auto other = connect_local(path, std::chrono::seconds(1));
  // What is no socket refuses too.
  struct ::stat status{};
  if (other || other.error() != Errno::Connrefused || ::lstat(path.c_str(), &status) < 0 ||
      !S_ISSOCK(status.st_mode)) {
    return Errno::Addrinuse;
  }
  remove_socket(path);
  return listen_local(path);
}

void remove_socket(const std::string& path) noexcept { ::unlink(path.c_str()); }

bool is_of_this_user(BorrowedFd socket) noexcept {
  ::ucred peer{};
  ::socklen_t size = sizeof(peer);
  return ::getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         peer.uid == ::geteuid();
}

Result<Fd> process_at_other_end(BorrowedFd socket) noexcept {
  ::ucred peer{};
  ::socklen_t size = sizeof(peer);
  if (::getsockopt(socket.number(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return last_errno();
  }
  if (peer.pid <= 0) return Errno::Srch;
  return open_process(peer.pid);
}

Result<void> limit_waiting(BorrowedFd socket, std::chrono::microseconds patience) noexcept {
  const ::timeval time = time_of(patience);
  for (const int which : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(socket.number(), SOL_SOCKET, which, &time, sizeof(time)) < 0) {
      return last_errno();
    }
  }
  return {};
}

}  // namespace merlon::os
