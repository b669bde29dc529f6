#include "merlon/https_client/proxy.h"

#include <thread>

#include <gtest/gtest.h>

#include "merlon/net/socket.h"

namespace merlon::https_client {
namespace {

TEST(Proxies, AreAsTheirVariableSays) {
  EXPECT_EQ(ProxyRules::parse("", "")->find("a.example", 443), nullptr);
  const auto one = ProxyRules::parse("http://proxy.example:3128/", "").value();
  ASSERT_NE(one.find("a.example", 443), nullptr);
  EXPECT_EQ(*one.find("a.example", 443), (Proxy{"proxy.example", 3128, ""}));
  const auto with = ProxyRules::parse("http://me:a%40b@[::1]", "").value();
  EXPECT_EQ(*with.find("a.example", 443), (Proxy{"::1", 80, "Basic bWU6YUBi"}));
  for (const std::string& bad :
       {std::string("https://proxy.example"), std::string("proxy.example:1"),
        std::string("http://"), std::string("http://a b"), std::string("http://x/path"),
        std::string("socks5://x"), "http://" + std::string(5000, 'a')}) {
    EXPECT_FALSE(ProxyRules::parse(bad, "")) << bad;
  }
}

TEST(Proxies, HaveExceptions) {
  const auto rules =
      ProxyRules::parse("http://p:1", "a.example, .b.example,c.example:8443,10.0.0.1").value();
  for (const std::string_view host : {"a.example", "x.A.example", "b.example", "x.b.example",
                                      "10.0.0.1", "localhost", "127.0.0.1", "::1"}) {
    EXPECT_EQ(rules.find(host, 443), nullptr) << host;
  }
  for (const std::string_view host : {"xa.example", "example", "c.example", "10.0.0.11"}) {
    EXPECT_NE(rules.find(host, 443), nullptr) << host;
  }
  EXPECT_EQ(rules.find("c.example", 8443), nullptr);
  EXPECT_EQ(ProxyRules::parse("http://p:1", "*")->find("a.example", 443), nullptr);
}

/// What open_tunnel() says of a proxy that answers so, and what the proxy hears.
struct Tunnel {
  explicit Tunnel(std::string answer) {
    auto listening = os::listen_tcp("127.0.0.1", 0);
    const auto port = os::local_port(*listening).value();
    net::SocketStream stream(os::connect_tcp("127.0.0.1", port).value());
    const os::Fd server = os::accept(*listening).value();
    const std::array vectors{::iovec{answer.data(), answer.size()}};
    static_cast<void>(os::send(server, vectors));
    static_cast<void>(os::shut_down(server, false, true));
    result = open_tunnel(stream, {"p", 1, "Basic eA=="}, "::2", 443, std::chrono::seconds(60));
    std::array<char, 512> room{};
    const std::array into{::iovec{room.data(), room.size()}};
    const auto got = os::receive(server, into);
    if (got) heard.assign(room.data(), got->size);
  }
  core::Result<void> result{};
  std::string heard;
};

TEST(Tunnels, AreWhatAProxyAgreesTo) {
  const Tunnel good("HTTP/1.1 200 Connection established\r\nContent-Length: 7\r\n\r\n");
  EXPECT_TRUE(good.result);
  EXPECT_EQ(good.heard,
            "CONNECT [::2]:443 HTTP/1.1\r\nHost: [::2]:443\r\nProxy-Authorization: Basic "
            "eA==\r\n\r\n");
  const Tunnel refused("HTTP/1.1 407 Who are you\r\n\r\n");
  ASSERT_FALSE(refused.result);
  EXPECT_EQ(refused.result.error().code, core::ErrorCode::Denied);
  EXPECT_EQ(refused.result.error().detail, 407U);
  // Nothing of the server's can come before it was spoken to.
  EXPECT_FALSE(Tunnel("HTTP/1.1 200 OK\r\n\r\nx").result);
  EXPECT_FALSE(Tunnel("SSH-2.0\r\n\r\n").result);
  EXPECT_FALSE(Tunnel("").result);
}

}  // namespace
}  // namespace merlon::https_client
