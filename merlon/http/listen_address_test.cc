#include "merlon/http/listen_address.h"

#include <gtest/gtest.h>

namespace merlon::http {
namespace {

TEST(ListenAddress, IsReadAsItIsWritten) {
  for (const ListenAddress& each : {ListenAddress{"192.0.2.1", 80},
                                    ListenAddress{"2001:db8::1", 65535}, ListenAddress{"::", 0}}) {
    EXPECT_EQ(parse_listen_address(to_string(each)), each);
  }
}

TEST(ListenAddress, NothingElseIsOne) {
  for (const char* const each : {"", "80", ":80", "[]:80", "::1:80",
                                 "192.0.2.1:", "192.0.2.1:65536", "192.0.2.1:-1", "a:b"}) {
    EXPECT_FALSE(parse_listen_address(each)) << each;
  }
}

}  // namespace
}  // namespace merlon::http
