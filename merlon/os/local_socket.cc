#include "merlon/os/local_socket.h"

#include <cstring>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "merlon/os/errno.h"

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
    constexpr std::int64_t second = 1'000'000;
    const ::timeval time{patience->count() / second, patience->count() % second};
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

}  // namespace merlon::os
