#include "merlon/os/socket.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "merlon/os/system_call.h"

namespace merlon::os {
namespace {

struct Address {
  ::sockaddr_storage bytes{};
  ::socklen_t size = 0;

  [[nodiscard]] const ::sockaddr* get() const noexcept {
    // SAFETY: sockaddr_storage is made to be read as a sockaddr of its family.
    return reinterpret_cast<const ::sockaddr*>(&bytes);
  }
};

template <typename SocketAddress>
Address address_of(const SocketAddress& from) noexcept {
  Address address;
  std::memcpy(&address.bytes, &from, sizeof(from));
  address.size = sizeof(from);
  return address;
}

Result<Address> parse_address(std::string_view text, std::uint16_t port) noexcept {
  std::array<char, INET6_ADDRSTRLEN + 1> terminated{};
  if (text.empty() || text.size() >= terminated.size()) return Errno::Inval;
  std::copy(text.begin(), text.end(), terminated.begin());
  ::sockaddr_in v4{};
  if (::inet_pton(AF_INET, terminated.data(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return address_of(v4);
  }
  ::sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, terminated.data(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    return address_of(v6);
  }
  return Errno::Inval;
}

Result<void> switch_on(BorrowedFd fd, int level, int option, int value) noexcept {
  if (::setsockopt(fd.number(), level, option, &value, sizeof(value)) < 0) return last_errno();
  return {};
}

Result<int> option_of(BorrowedFd fd, int option) noexcept {
  int value = 0;
  ::socklen_t size = sizeof(value);
  if (::getsockopt(fd.number(), SOL_SOCKET, option, &value, &size) < 0) return last_errno();
  return value;
}

::msghdr message_of(IoVectors vectors) noexcept {
  ::msghdr message{};
  // SAFETY: msghdr is shared by both directions and so not const; sendmsg and recvmsg do not
  // write to the vectors themselves.
  message.msg_iov = const_cast<::iovec*>(vectors.data());
  message.msg_iovlen = vectors.size();
  return message;
}

Result<Fd> new_stream(const Address& to) noexcept {
  Fd fd = Fd::adopt(::socket(to.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd.is_open()) return last_errno();
  return fd;
}

Result<Fd> connected(Fd fd, const Address& to) noexcept {
  if (::connect(fd.number(), to.get(), to.size) < 0) return last_errno();
  TRY(set_nonblock(fd, true));
  return fd;
}

}  // namespace

Result<SocketInfo> socket_info(BorrowedFd fd) noexcept {
  SocketInfo info;
  const int type = TRY(option_of(fd, SO_TYPE));
  if (type == SOCK_STREAM) info.kind = SocketKind::Stream;
  if (type == SOCK_DGRAM) info.kind = SocketKind::Datagram;
  info.listening = TRY(option_of(fd, SO_ACCEPTCONN)) != 0;
  return info;
}

Result<Fd> accept(BorrowedFd listener) noexcept {
  const int number = ::accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (number < 0) return last_errno();
  return Fd::adopt(number);
}

Result<Received> receive(BorrowedFd fd, IoVectors into, ReceiveFlags flags) noexcept {
  ::msghdr message = message_of(into);
  const std::size_t size = TRY(
      system_call(SYS_recvmsg, fd.number(), &message, MSG_DONTWAIT | (flags.peek ? MSG_PEEK : 0)));
  return Received{size, (message.msg_flags & MSG_TRUNC) != 0};
}

Result<std::size_t> send(BorrowedFd fd, IoVectors from) noexcept {
  const ::msghdr message = message_of(from);
  return system_call(SYS_sendmsg, fd.number(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

Result<void> shut_down(BorrowedFd fd, bool reading, bool writing) noexcept {
  if (!reading && !writing) return Errno::Inval;
  int how = reading ? SHUT_RD : SHUT_WR;
  if (reading && writing) how = SHUT_RDWR;
  if (::shutdown(fd.number(), how) < 0) return last_errno();
  return {};
}

Result<Fd> listen_tcp(std::string_view address, std::uint16_t port) noexcept {
  const Address to = TRY(parse_address(address, port));
  Fd fd = Fd::adopt(
      ::socket(to.bytes.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!fd.is_open()) return last_errno();
  TRY(switch_on(fd, SOL_SOCKET, SO_REUSEADDR, 1));
  // "::" is meant to take IPv4 too, whatever this machine's default is.
  if (to.bytes.ss_family == AF_INET6) TRY(switch_on(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
  if (::bind(fd.number(), to.get(), to.size) < 0) return last_errno();
  if (::listen(fd.number(), SOMAXCONN) < 0) return last_errno();
  return fd;
}

Result<Fd> connect_tcp(std::string_view address, std::uint16_t port) noexcept {
  const Address to = TRY(parse_address(address, port));
  return connected(TRY(new_stream(to)), to);
}

Result<Fd> connect_tcp_watching(std::string_view address, std::uint16_t port,
                                std::chrono::seconds silence) noexcept {
  const Address to = TRY(parse_address(address, port));
  Fd fd = TRY(new_stream(to));
  // Asked half way, and then thrice until the end.
  constexpr int questions = 3;
  const int whole = static_cast<int>(silence.count());
  TRY(switch_on(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
  TRY(switch_on(fd, IPPROTO_TCP, TCP_KEEPIDLE, whole / 2));
  TRY(switch_on(fd, IPPROTO_TCP, TCP_KEEPINTVL, whole / 2 / questions));
  TRY(switch_on(fd, IPPROTO_TCP, TCP_KEEPCNT, questions));
  // Where something is on its way, and while it connects.
  constexpr int milliseconds = 1000;
  TRY(switch_on(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, whole * milliseconds));
  return connected(std::move(fd), to);
}

Result<void> limit_waiting(BorrowedFd fd, std::chrono::seconds limit) noexcept {
  const ::timeval time{limit.count(), 0};
  for (const int which : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    if (::setsockopt(fd.number(), SOL_SOCKET, which, &time, sizeof(time)) < 0) return last_errno();
  }
  return {};
}

Result<void> send_without_delay(BorrowedFd fd) noexcept {
  const int on = 1;
  if (::setsockopt(fd.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0) return last_errno();
  return {};
}

Result<std::uint16_t> local_port(BorrowedFd fd) noexcept {
  ::sockaddr_in6 bound{};  // both families have their port at the same place
  ::socklen_t size = sizeof(bound);
  // SAFETY: the kernel writes at most `size` bytes of a socket address here.
  if (::getsockname(fd.number(), reinterpret_cast<::sockaddr*>(&bound), &size) < 0) {
    return last_errno();
  }
  static_assert(offsetof(::sockaddr_in, sin_port) == offsetof(::sockaddr_in6, sin6_port));
  return ntohs(bound.sin6_port);
}

}  // namespace merlon::os
