#include "merlon/host/local_address.h"

#include <gtest/gtest.h>

namespace merlon::host {
namespace {

TEST(LocalAddress, IsWhatLeadsBackToThisMachine) {
  for (const char* const each :
       {"127.0.0.1", "127.255.0.3", "0.0.0.0", "0.1.2.3", "169.254.169.254", "::1",
        "::", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "fe80::1", "febf::1",
        "localhost", "", "127.1", "0x7f.1"}) {
    EXPECT_TRUE(is_local_address(each)) << each;
  }
}

TEST(LocalAddress, IsNoneOfOthers) {
  for (const char* const each :
       {"192.0.2.1", "10.0.0.1", "128.0.0.1", "169.253.0.1", "2001:db8::1", "::ffff:192.0.2.1",
        "fec0::1", "fd00::1", "::1:127.0.0.1", "2001:db8::ffff:127.0.0.1", "::ff:127.0.0.1"}) {
    EXPECT_FALSE(is_local_address(each)) << each;
  }
}

}  // namespace
}  // namespace merlon::host
