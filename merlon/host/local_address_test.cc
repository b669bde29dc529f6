#include "merlon/host/local_address.h"

#include <array>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace merlon::host {
namespace {

TEST(LocalAddress, IsWhatLeadsBackToThisMachine) {
  for (const char* const each : {"127.0.0.1",
                                 "127.255.0.3",
                                 "0.0.0.0",
                                 "0.1.2.3",
                                 "169.254.169.254",
                                 "::1",
                                 "::",
                                 "::ffff:127.0.0.1",
                                 "::ffff:169.254.169.254",
                                 "::127.0.0.1",
                                 "fe80::1",
                                 "febf::1",
                                 "168.63.129.16",
                                 "100.100.100.200",
                                 "192.0.0.192",
                                 "fd00:ec2::254",
                                 "fd20:ce::254",
                                 "64:ff9b::127.0.0.1",
                                 "64:ff9b::169.254.169.254",
                                 "localhost",
                                 "",
                                 "127.1",
                                 "0x7f.1"}) {
    EXPECT_TRUE(is_local_address(each)) << each;
  }
}

TEST(LocalAddress, IsNoneOfOthers) {
  for (const char* const each :
       {"192.0.2.1", "10.0.0.1", "128.0.0.1", "169.253.0.1", "2001:db8::1", "::ffff:192.0.2.1",
        "fec0::1", "fd00::1", "168.63.129.17", "64:ff9b::192.0.2.1", "64:ff9b:1::127.0.0.1",
        "::1:127.0.0.1", "2001:db8::ffff:127.0.0.1", "::ff:127.0.0.1"}) {
    EXPECT_FALSE(is_local_address(each)) << each;
  }
}

TEST(LocalAddress, IsThatOfAnInterfaceToo) {
  EXPECT_TRUE(leads_to_this_machine("127.0.0.1"));
  EXPECT_TRUE(leads_to_this_machine("localhost"));
  EXPECT_FALSE(leads_to_this_machine("198.51.100.7"));
  const auto socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ::sockaddr_in address{AF_INET, htons(9), {htonl(0xc6336407)}, {}};  // 198.51.100.7
  ::socklen_t size = sizeof(address);
  // SAFETY: as socket addresses are handed over. No packet is sent.
  auto* const as_any = reinterpret_cast<::sockaddr*>(&address);
  if (::connect(socket, as_any, size) == 0 && ::getsockname(socket, as_any, &size) == 0) {
    std::array<char, INET_ADDRSTRLEN> own{};
    ::inet_ntop(AF_INET, &address.sin_addr, own.data(), own.size());
    EXPECT_TRUE(leads_to_this_machine(own.data())) << own.data();
  }
  ::close(socket);
}

}  // namespace
}  // namespace merlon::host
