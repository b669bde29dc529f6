#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/percent.h"
#include "merlon/crypto/hash.h"
#include "merlon/login/issuer.h"
#include "merlon/login/redirect.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::login {
namespace {

using base::concat;

constexpr std::string_view good_tokens =
    R"({"access_token":"a.b.c","token_type":"Bearer","refresh_token":"r","expires_in":60})";

http_client::Answer answer(unsigned status, std::string_view body) {
  return {status, "application/json", {body.begin(), body.end()}};
}

const oidc::Endpoints endpoints{"https://i.example/token", "https://i.example/auth",
                                "https://i.example/device", ""};
const Wishes wishes{"client", "", "https://store.example/", "openid x"};

std::string value_in(const Form& form, std::string_view name) {
  for (const auto& [each, value] : form) {
    if (each == name) return value;
  }
  return "";
}

/// Answers the questions of a device one after the other; counts the seconds.
struct Device {
  std::vector<std::string> replies;
  std::uint64_t expires = 60;
  std::uint64_t seconds = 0;
  std::vector<std::string> said{};
  std::size_t asked = 0;

  Result<oidc::TokenAnswer> log_in() {
    const Post post = [this](const std::string& url, const Form& form,
                             const std::string& /*none*/) -> Result<http_client::Answer> {
      if (url == endpoints.device) {
        EXPECT_EQ(value_in(form, "audience"), wishes.audience);
        return answer(
            200, concat(R"({"device_code":"d","user_code":"AB-CD","interval":2,)",
                        R"("verification_uri":"https://i.example/v","expires_in":)", expires, "}"));
      }
      EXPECT_EQ(value_in(form, "device_code"), "d");
      const std::string reply = asked < replies.size() ? replies[asked] : "expired_token";
      ++asked;
      if (reply.empty()) return answer(200, good_tokens);
      return answer(400, concat(R"({"error":")", reply, R"("})"));
    };
    return log_in_on_device(
        post, endpoints, wishes, [this](const std::string& line) { said.push_back(line); },
        [this](std::uint64_t time) { seconds += time; });
  }
};

TEST(DeviceFlow, WaitsUntilSomebodyTypedTheCode) {
  Device device{{"authorization_pending", "slow_down", "authorization_pending", ""}};
  const auto tokens = device.log_in();
  ASSERT_TRUE(tokens) << tokens.error();
  EXPECT_EQ(tokens->refresh_token, "r");
  EXPECT_EQ(device.seconds, 2U + 2U + 7U + 7U);
  EXPECT_EQ(device.said.at(0), "Open https://i.example/v and type AB-CD");
}

TEST(DeviceFlow, EndsWhenItIsRefusedOrOver) {
  Device denied{{"access_denied"}};
  EXPECT_EQ(denied.log_in().error(), "the login was denied");
  Device expired{{"authorization_pending", "expired_token"}};
  EXPECT_FALSE(expired.log_in());
  EXPECT_EQ(expired.asked, 2U);
  Device patient{std::vector<std::string>(100, "authorization_pending"), 10};
  EXPECT_FALSE(patient.log_in());
  EXPECT_LE(patient.seconds, 10U);
  Device odd{{"\\u001b[31m"}};
  EXPECT_EQ(odd.log_in().error().find('\x1b'), std::string::npos);
}

TEST(ClientFlow, NeedsASecret) {
  const Post post = [](const std::string&, const Form& form,
                       const std::string&) -> Result<http_client::Answer> {
    EXPECT_EQ(value_in(form, "client_secret"), "s");
    return answer(200, good_tokens);
  };
  EXPECT_FALSE(log_in_as_client(post, endpoints, wishes));
  Wishes with = wishes;
  with.client_secret = "s";
  EXPECT_TRUE(log_in_as_client(post, endpoints, with));
}

TEST(ClientFlow, ShowsItsSecretInAHeaderWhereThatIsWanted) {
  const Post post = [](const std::string&, const Form& form,
                       const std::string& authorization) -> Result<http_client::Answer> {
    if (authorization.empty()) return answer(401, R"({"error":"invalid_client"})");
    EXPECT_EQ(authorization, "Basic YSUyMGI6cyUzQXQ=");  // "a%20b:s%3At"
    EXPECT_EQ(value_in(form, "client_secret"), "");
    return answer(200, good_tokens);
  };
  EXPECT_TRUE(log_in_as_client(post, endpoints, {"a b", "s:t", "", ""}));
  EXPECT_FALSE(refresh(post, endpoints.token, {"a b", "", "", ""}, "r"));
}

/// Sends one request to a port of this machine, as a browser would, and gives the status line.
std::string browse(std::uint16_t port, const std::string& target) {
  const auto connection = os::connect_tcp("127.0.0.1", port).value();
  std::string text = concat("GET ", target, " HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::array from{::iovec{text.data(), text.size()}};
  static_cast<void>(os::send(connection, from));
  std::string heard;
  for (;;) {
    std::array items{os::PollItem{connection.number(), POLLIN, 0}};
    static_cast<void>(os::poll(items, std::chrono::seconds(10)));
    std::array<char, 1024> room{};
    const std::array into{::iovec{room.data(), room.size()}};
    const auto got = os::receive(connection, into);
    if (!got || got->size == 0) return heard.substr(0, heard.find("\r\n"));
    heard.append(room.data(), got->size);
  }
}

std::map<std::string, std::string> query_of(std::string_view url) {
  std::map<std::string, std::string> all;
  url = url.substr(url.find('?') + 1);
  while (!url.empty()) {
    const std::string_view part = url.substr(0, url.find('&'));
    url.remove_prefix(std::min(part.size() + 1, url.size()));
    const std::size_t equals = part.find('=');
    all[std::string(part.substr(0, equals))] = codec::decode_percent(part.substr(equals + 1));
  }
  return all;
}

/// What a browser does with the address that is shown; gives the login's result.
struct Browser {
  std::function<std::vector<std::string>(const std::string& state)> targets;
  std::vector<std::string> statuses{};
  std::string challenge{};

  Result<oidc::TokenAnswer> log_in() {
    std::thread thread;
    const Say say = [&](const std::string& line) {
      auto query = query_of(line);
      challenge = query["code_challenge"];
      EXPECT_EQ(query["code_challenge_method"], "S256");
      const std::string back = query["redirect_uri"];
      const auto port = static_cast<std::uint16_t>(
          std::stoul(back.substr(std::string_view("http://127.0.0.1:").size())));
      thread = std::thread([this, port, state = query["state"]] {
        for (const std::string& each : targets(state)) statuses.push_back(browse(port, each));
      });
    };
    const Post post = [&](const std::string&, const Form& form,
                          const std::string&) -> Result<http_client::Answer> {
      const std::string verifier = value_in(form, "code_verifier");
      const auto digest = crypto::sha256({core::as_bytes(std::string_view(verifier))});
      EXPECT_EQ(codec::encode_base64url(digest.view()), challenge);
      EXPECT_EQ(value_in(form, "code"), "c");
      return answer(200, good_tokens);
    };
    auto tokens = log_in_by_browser(post, endpoints, "https://i.example", wishes, say);
    thread.join();
    return tokens;
  }
};

TEST(BrowserFlow, TakesTheAnswerThatKnowsTheState) {
  Browser browser{[](const std::string& state) {
    return std::vector<std::string>{
        "/favicon.ico", "/callback?code=c&state=other", "/callback?state=x",
        concat("/callback?code=c&state=", state, "&iss=https%3A%2F%2Fi.example%2F")};
  }};
  const auto tokens = browser.log_in();
  ASSERT_TRUE(tokens) << tokens.error();
  EXPECT_EQ(browser.statuses,
            (std::vector<std::string>{"HTTP/1.1 404 Not Found", "HTTP/1.1 400 Bad Request",
                                      "HTTP/1.1 400 Bad Request", "HTTP/1.1 200 OK"}));
}

TEST(BrowserFlow, RefusesAnotherIssuersAnswer) {
  Browser other{[](const std::string& state) {
    return std::vector<std::string>{
        concat("/callback?code=c&state=", state, "&iss=https%3A%2F%2Fevil.example")};
  }};
  EXPECT_FALSE(other.log_in());
  Browser refused{[](const std::string& state) {
    return std::vector<std::string>{concat("/callback?error=access_denied&state=", state)};
  }};
  EXPECT_EQ(refused.log_in().error(), "the issuer refuses: access_denied");
}

TEST(Redirects, AreRequestsOfBrowsers) {
  EXPECT_TRUE(parse_redirect("GET /callback?code=a&state=b HTTP/1.1\r\n").value());
  EXPECT_FALSE(parse_redirect("GET / HTTP/1.1\r\n").value());
  for (const std::string_view bad :
       {"", "POST /callback?code=a HTTP/1.1\r\n", "GET /callback?code=a HTTP/1.0\r\n",
        "GET /callback?code=a HTTP/1.1", "GET /callback?code=a&code=b HTTP/1.1\r\n"}) {
    EXPECT_FALSE(parse_redirect(bad)) << bad;
  }
  EXPECT_TRUE(equal_secrets("ab", "ab"));
  EXPECT_FALSE(equal_secrets("ab", "ac"));
  EXPECT_FALSE(equal_secrets("ab", "abc"));
}

TEST(Forms, HoldAnyText) {
  EXPECT_EQ(to_text({{"a", "b c"}, {"d", ""}, {"e", "f&g=h"}}), "a=b%20c&e=f%26g%3Dh");
}

}  // namespace
}  // namespace merlon::login
