#include "merlon/service/issuers.h"

#include "merlon/base/text.h"
#include "merlon/https_client/https_client.h"
#include "merlon/os/clock.h"
#include "merlon/workload/url.h"

namespace merlon::service {

using base::concat;

namespace {

/// Whoever waits for it holds a worker.
constexpr std::chrono::seconds patience{10};

/// `url` is an issuer's word: without TLS it is taken in development only, and then only of this
/// machine.
Checked<std::string> fetch(const std::string& url, const https_client::TlsFiles& files,
                           bool development) {
  if (!url.starts_with("https://") && !development) {
    return core::Unexpected(concat(base::quoted(url), ": keys come over HTTPS only"));
  }
  std::string path;
  auto client = TRY(https_client::HttpsClient::create(url, files, path));
  client.set_patience(patience);
  const auto answer = TRY(client.ask("GET", path, {}, oidc::KeySet::max_size));
  constexpr unsigned found = 200;
  if (answer.status != found) {
    return core::Unexpected(concat(base::printable(url), ": status ", answer.status));
  }
  return std::string(core::as_text(answer.body));
}

std::int64_t ticks() {
  constexpr std::uint64_t second = 1'000'000'000;
  return static_cast<std::int64_t>(os::now(os::Clock::Monotonic).value_or(0) / second);
}

/// The name is compared as it is, and an address below it is asked for [OIDC-DISCOVERY §3: issuer].
Checked<void> check_issuer(const std::string& issuer, bool development) {
  constexpr std::string_view plain = "http://";
  const bool is_plain = issuer.starts_with(plain);
  const auto url = workload::parse_https_url(
      is_plain ? concat("https://", issuer.substr(plain.size())) : issuer);
  if (!url || issuer.find('?') != std::string::npos) {
    return concat("--oidc-issuer ", base::printable(issuer),
                  ": must be https://HOST[:PORT][/PATH]");
  }
  if (is_plain && !(development && https_client::is_of_this_machine(url->host))) {
    return concat("--oidc-issuer ", base::printable(issuer),
                  ": without TLS only on this machine, with --development");
  }
  return {};
}

}  // namespace

Checked<void> check(const IssuerSettings& settings) {
  for (const std::string& each : settings.issuers) {
    TRY(check_issuer(each, settings.development));
  }
  if (settings.issuers.empty() == settings.audiences.empty()) return {};
  return std::string("--oidc-issuer and --oidc-audience go together");
}

std::unique_ptr<oidc::Issuers> make_issuers(
    const IssuerSettings& settings, std::function<codec::UnixTime()> now,
    std::function<void(const std::string& issuer, const std::string& why)> complain) {
  if (settings.issuers.empty()) return nullptr;
  std::vector<oidc::Expectation> expected;
  for (const std::string& each : settings.issuers) expected.push_back({each, settings.audiences});
  const https_client::TlsFiles files{settings.ca_bundle, "", ""};
  const bool development = settings.development;
  auto fetch_url = [files, development](const std::string& url) {
    return fetch(url, files, development);
  };
  return std::make_unique<oidc::Issuers>(
      std::move(expected),
      oidc::World{std::move(fetch_url), std::move(now), &ticks, std::move(complain)});
}

}  // namespace merlon::service
