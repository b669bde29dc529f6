#include "merlon/os/route.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "merlon/os/fd.h"

namespace merlon::os {

namespace {

struct Address {
  unsigned char family = 0;
  unsigned char size = 0;
  std::array<unsigned char, 16> bytes{};
};

Result<Address> parse(std::string_view text) noexcept {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size()) return Errno::Inval;
  std::ranges::copy(text, copy.begin());
  Address address;
  if (::inet_pton(AF_INET, copy.data(), address.bytes.data()) == 1) {
    address.family = AF_INET;
    address.size = 4;
    return address;
  }
  if (::inet_pton(AF_INET6, copy.data(), address.bytes.data()) != 1) return Errno::Inval;
  address.family = AF_INET6;
  address.size = 16;
  constexpr auto mapped = std::array<unsigned char, 12>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(mapped.begin(), mapped.end(), address.bytes.begin())) {
    address.family = AF_INET;
    address.size = 4;
    std::copy_n(address.bytes.begin() + mapped.size(), 4, address.bytes.begin());
  }
  return address;
}

/// RTM_GETROUTE for one address [LINUX rtnetlink(7)].
struct Question {
  ::nlmsghdr header;
  ::rtmsg route;
  ::rtattr attribute;
  std::array<unsigned char, 16> destination;
};
static_assert(sizeof(Question) == 16 + 12 + 4 + 16);

Question question_for(const Address& address) noexcept {
  Question question{};
  const auto length = static_cast<unsigned short>(sizeof(::rtattr) + address.size);
  question.header.nlmsg_len =
      static_cast<std::uint32_t>(sizeof(::nlmsghdr) + sizeof(::rtmsg) + length);
  question.header.nlmsg_type = RTM_GETROUTE;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.header.nlmsg_seq = 1;
  question.route.rtm_family = address.family;
  question.route.rtm_dst_len = static_cast<unsigned char>(address.size * 8);
  question.attribute = {length, RTA_DST};
  std::copy_n(address.bytes.begin(), address.size, question.destination.begin());
  return question;
}

/// The kernel's answer: a route, or why there is none.
Result<bool> read(const unsigned char* bytes, std::size_t size) noexcept {
  ::nlmsghdr header{};
  ::rtmsg route{};
  ::nlmsgerr error{};
  if (size < sizeof(header)) return Errno::Io;
  std::memcpy(&header, bytes, sizeof(header));
  const unsigned char* const rest = bytes + sizeof(header);
  size -= sizeof(header);
  if (header.nlmsg_type == RTM_NEWROUTE && size >= sizeof(route)) {
    std::memcpy(&route, rest, sizeof(route));
    constexpr auto here =
        std::array<unsigned char, 4>{RTN_LOCAL, RTN_ANYCAST, RTN_BROADCAST, RTN_MULTICAST};
    return std::ranges::find(here, route.rtm_type) != here.end();
  }
  if (header.nlmsg_type != NLMSG_ERROR || size < sizeof(error)) return Errno::Io;
  std::memcpy(&error, rest, sizeof(error));
  const auto why = static_cast<Errno>(-error.error);
  // Where nothing is sent to nothing comes.
  if (why == Errno::Netunreach || why == Errno::Hostunreach) return false;
  return error.error == 0 ? Errno::Io : why;
}

}  // namespace

Result<bool> is_delivered_here(std::string_view address) noexcept {
  const Question question = question_for(TRY(parse(address)));
  const Fd kernel = Fd::adopt(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!kernel.is_open()) return last_errno();
  const auto sent = ::send(kernel.number(), &question, question.header.nlmsg_len, 0);
  if (sent < 0) return last_errno();
  std::array<unsigned char, 4096> answer{};
  const auto size = ::recv(kernel.number(), answer.data(), answer.size(), 0);
  if (size < 0) return last_errno();
  return read(answer.data(), static_cast<std::size_t>(size));
}

}  // namespace merlon::os
