#include "merlon/os/route.h"

#include <array>
#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <ifaddrs.h>

namespace merlon::os {
namespace {

TEST(Route, LeadsBackByTheAddressOfAnyInterface) {
  ::ifaddrs* all = nullptr;
  ASSERT_EQ(::getifaddrs(&all), 0);
  for (const ::ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr) continue;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = each->ifa_addr->sa_family;
    // SAFETY: as the family says.
    const void* const bytes =
        family == AF_INET ? static_cast<const void*>(
                                &reinterpret_cast<const ::sockaddr_in*>(each->ifa_addr)->sin_addr)
                          : &reinterpret_cast<const ::sockaddr_in6*>(each->ifa_addr)->sin6_addr;
    if ((family != AF_INET && family != AF_INET6) ||
        ::inet_ntop(family, bytes, text.data(), text.size()) == nullptr) {
      continue;
    }
    EXPECT_TRUE(is_delivered_here(text.data()).value_or(false)) << text.data();
    if (family == AF_INET) {
      EXPECT_TRUE(is_delivered_here(std::string("::ffff:") + text.data()).value_or(false));
    }
  }
  ::freeifaddrs(all);
  EXPECT_TRUE(is_delivered_here("127.9.9.9").value_or(false));
}

/// Whether there is a route to them or not.
TEST(Route, LeadsAwayByTheAddressesOfOthers) {
  for (const char* const each : {"198.51.100.7", "::ffff:198.51.100.7", "2001:db8::7"}) {
    EXPECT_FALSE(is_delivered_here(each).value_or(true)) << each;
  }
}

TEST(Route, OfWhatIsNoAddressIsAnError) {
  for (const char* const each : {"", "localhost", "127.1", "fe80::1%lo", "1.2.3.4.5"}) {
    const auto answer = is_delivered_here(each);
    ASSERT_FALSE(answer) << each;
    EXPECT_EQ(answer.error(), Errno::Inval) << each;
  }
  EXPECT_FALSE(is_delivered_here(std::string(100, '1')));
}

}  // namespace
}  // namespace merlon::os
