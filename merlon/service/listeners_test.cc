#include "merlon/service/listeners.h"

#include <gtest/gtest.h>

#include "merlon/os/socket.h"

namespace merlon::service {
namespace {

TEST(Listeners, APortOfZeroBecomesTheOneThatItGot) {
  std::vector<http::ListenAddress> addresses{{"127.0.0.1", 0}, {"::1", 0}};
  const auto sockets = listen_on(addresses);
  ASSERT_TRUE(sockets) << sockets.error();
  EXPECT_EQ(sockets->size(), 2U);
  EXPECT_NE(addresses[0].port, 0);
  EXPECT_EQ(*os::local_port((*sockets)[1]), addresses[1].port);
}

TEST(Listeners, WhatIsNoAddressIsNamed) {
  std::vector<http::ListenAddress> addresses{{"nowhere", 1}};
  const auto sockets = listen_on(addresses);
  ASSERT_FALSE(sockets);
  EXPECT_NE(sockets.error().find("nowhere:1"), std::string::npos);
  const std::vector<std::string> words{"127.0.0.1"};
  EXPECT_FALSE(addresses_of(words, {}));
  EXPECT_EQ(addresses_of({}, {"::1", 5})->front().port, 5);
  EXPECT_TRUE(is_own({"127.0.0.9", 1}));
  EXPECT_FALSE(is_own({"0.0.0.0", 1}));
}

TEST(Listeners, WithoutTlsAllAreThisMachinesOwn) {
  const std::vector<http::ListenAddress> own{{"127.0.0.1", 80}, {"::1", 81}};
  EXPECT_TRUE(check_own(own));
  const std::vector<http::ListenAddress> mixed{{"127.0.0.1", 80}, {"2001:db8::1", 81}};
  EXPECT_EQ(check_own(mixed).error(),
            "--development: [2001:db8::1]:81 is no address of this machine's own");
}

TEST(IssuerSettings, GoTogetherAndNeedTls) {
  EXPECT_TRUE(check(IssuerSettings{}));
  EXPECT_FALSE(check(IssuerSettings{{"https://issuer"}, {}, "", false}));
  EXPECT_TRUE(check(IssuerSettings{{"https://issuer"}, {"us"}, "", false}));
  EXPECT_FALSE(check(IssuerSettings{{"http://127.0.0.1:1"}, {"us"}, "", false}));
  EXPECT_TRUE(check(IssuerSettings{{"http://127.0.0.1:1"}, {"us"}, "", true}));
  EXPECT_FALSE(check(IssuerSettings{{"http://example.org"}, {"us"}, "", true}));
  EXPECT_FALSE(check(IssuerSettings{{"https://issuer?x"}, {"us"}, "", false}));
}

}  // namespace
}  // namespace merlon::service
