#include "merlon/os/channel.h"

#include <array>
#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>

namespace merlon::os {
namespace {

/// Room for one SCM_RIGHTS message with as many descriptors as the kernel passes.
struct ControlBuffer {
  alignas(::cmsghdr) std::array<char, CMSG_SPACE(max_passed_descriptors * sizeof(int))> bytes{};
};

/// Takes the descriptors of one control message over; whatever else it holds is skipped.
void adopt_descriptors(::cmsghdr* header, std::vector<Fd>& into) {
  if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return;
  const std::size_t size = header->cmsg_len - CMSG_LEN(0);
  for (std::size_t offset = 0; offset + sizeof(int) <= size; offset += sizeof(int)) {
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header) + offset, sizeof(int));
    into.push_back(Fd::adopt(number));
  }
}

}  // namespace

Result<Channel> open_channel() noexcept {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0) return last_errno();
  return Channel{Fd::adopt(ends[0]), Fd::adopt(ends[1])};
}

Result<void> send_with_descriptors(BorrowedFd channel, core::ByteView bytes,
                                   std::span<const BorrowedFd> descriptors) noexcept {
  if (bytes.empty() || descriptors.size() > max_passed_descriptors) return Errno::Inval;
  ControlBuffer control;
  bool pass = !descriptors.empty();
  while (!bytes.empty()) {
    // SAFETY: sendmsg only reads from iov_base.
    ::iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    ::msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (pass) {
      message.msg_control = control.bytes.data();
      message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
      ::cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
      for (std::size_t i = 0; i < descriptors.size(); ++i) {
        const int number = descriptors[i].number();
        std::memcpy(CMSG_DATA(header) + i * sizeof(int), &number, sizeof(int));
      }
    }
    const ::ssize_t count = ::sendmsg(channel.number(), &message, MSG_NOSIGNAL);
    if (count < 0) {
      const Errno number = last_errno();
      if (number == Errno::Intr) continue;
      return number;
    }
    pass = false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Result<Delivery> receive_with_descriptors(BorrowedFd channel, core::ByteSpan into) {
  ControlBuffer control;
  ::iovec vector{into.data(), into.size()};
  ::msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  ::ssize_t count = -1;
  do {
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    count = ::recvmsg(channel.number(), &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && last_errno() == Errno::Intr);
  // An end that is closed before it has read all that we sent resets the channel.
  if (count < 0 && last_errno() == Errno::Connreset) return Delivery{};
  if (count < 0) return last_errno();
  Delivery delivery;
  delivery.size = static_cast<std::size_t>(count);
  for (::cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    adopt_descriptors(header, delivery.descriptors);
  }
  if ((message.msg_flags & MSG_CTRUNC) != 0) return Errno::Io;
  return delivery;
}

}  // namespace merlon::os
