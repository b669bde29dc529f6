// What a service makes of the files and addresses that its options name.

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/http/server.h"
#include "merlon/oidc/testing/issuer.h"
#include "merlon/os/open.h"
#include "merlon/os/socket.h"
#include "merlon/service/tls_files.h"
#include "merlon/tls/testing/pki.h"

namespace merlon::service {
namespace {

using base::concat;

class TlsOfAService : public ::testing::Test {
 protected:
  TlsOfAService() {
    std::filesystem::create_directories(folder_);
    const auto holder = authority_.issue({"gatehouse.example"});
    std::string chain;
    for (const auto& each : holder.chain) chain += codec::to_pem("CERTIFICATE", each);
    write("key", core::as_text(holder.key.to_pem().value().reveal()));
    write("crt", chain);
    write("tenants", codec::to_pem("CERTIFICATE", authority_.root()));
    write("nothing", "");
  }
  ~TlsOfAService() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, std::string_view text) const {
    EXPECT_TRUE(os::replace_file(path(name), core::as_bytes(text)));
  }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] TlsFiles files(const std::string& key, const std::string& crt,
                               const std::string& clients = "") const {
    return {path(key), path(crt), clients.empty() ? "" : path(clients)};
  }

  std::string folder_ = ::testing::TempDir() + "service-files-" + std::to_string(::getpid());
  tls::testing::Authority authority_;
};

TEST_F(TlsOfAService, IsReadFromItsFiles) {
  EXPECT_TRUE(tls_of(files("key", "crt", "tenants")));
  EXPECT_TRUE(tls_of(files("key", "crt")));
  TlsFiles shown = files("key", "crt", "tenants");
  shown.must_show = true;
  EXPECT_TRUE(tls_of(shown));
}

TEST_F(TlsOfAService, NamesTheFileThatIsNone) {
  const auto why = [&](const TlsFiles& given) {
    const auto made = tls_of(given);
    return made ? std::string() : made.error();
  };
  for (const char* const bad : {"nothing", "missing", "crt"}) {
    EXPECT_NE(why(files(bad, "crt")).find(path(bad)), std::string::npos) << bad;
  }
  for (const char* const bad : {"nothing", "missing", "key"}) {
    EXPECT_NE(why(files("key", bad)).find(path(bad)), std::string::npos) << bad;
    EXPECT_NE(why(files("key", "crt", bad)).find(path(bad)), std::string::npos) << bad;
  }
  // Another key's certificate.
  const auto other = authority_.issue({"gatehouse.example"});
  write("other", core::as_text(other.key.to_pem().value().reveal()));
  EXPECT_NE(why(files("other", "crt")).find(path("crt")), std::string::npos);
}

/// An issuer of OpenID Connect, as far as a gatehouse asks one.
class AnIssuer : public ::testing::Test {
 protected:
  AnIssuer() {
    os::Fd listener = os::listen_tcp("127.0.0.1", 0).value();
    url_ = concat("http://127.0.0.1:", os::local_port(listener).value());
    std::vector<os::Fd> listeners;
    listeners.push_back(std::move(listener));
    http::Settings settings;
    settings.handler = [this](const http::Request& request) { return answer(request); };
    server_.emplace(http::Server::start(std::move(listeners), std::move(settings)).value());
  }
  [[nodiscard]] http::Response answer(const http::Request& request) const {
    if (request.path() == "/keys") return {200, {}, issuer_.key_set()};
    if (request.path() == "/.well-known/openid-configuration") {
      return {200, {}, concat(R"({"issuer":")", url_, R"(","jwks_uri":")", url_, "/keys\"}")};
    }
    return {404, {}, ""};
  }
  [[nodiscard]] std::unique_ptr<oidc::Issuers> issuers(const std::string& url,
                                                       bool development = true) {
    return make_issuers(
        {{url}, {"merlon"}, "", development}, [] { return codec::UnixTime{100}; },
        [](const std::string&, const std::string&) {});
  }
  [[nodiscard]] std::string token(const std::string& issuer) const {
    return issuer_.sign(
        concat(R"({"iss":")", issuer, R"(","sub":"alice","aud":"merlon","exp":300})"));
  }

  oidc::testing::TokenIssuer issuer_{"k1"};
  std::string url_;
  std::optional<http::Server> server_;
};

TEST_F(AnIssuer, IsAskedForItsKeys) {
  EXPECT_TRUE(issuers(url_)->warm_up());
  const auto claims = issuers(url_)->judge(token(url_));
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject, "alice");
}

TEST_F(AnIssuer, WithoutTlsOrWithoutAnAnswerGivesNone) {
  const auto why = [&](const std::string& url, bool development) {
    const auto warm = issuers(url, development)->warm_up();
    return warm ? std::string() : warm.error();
  };
  EXPECT_NE(why(url_, false).find("keys come over HTTPS only"), std::string::npos);
  EXPECT_NE(why(url_ + "/elsewhere", true).find("status 404"), std::string::npos);
  server_.reset();
  EXPECT_NE(why(url_, true), "");
}

}  // namespace
}  // namespace merlon::service
