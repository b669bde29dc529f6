#include "merlon/gatehouse/issuers_of.h"

#include "merlon/base/text.h"
#include "merlon/https_client/https_client.h"
#include "merlon/os/clock.h"

namespace merlon::gatehouse {

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

}  // namespace

std::unique_ptr<oidc::Issuers> make_issuers(
    const Options& options, std::function<codec::UnixTime()> now,
    std::function<void(const std::string& issuer, const std::string& why)> complain) {
  std::vector<oidc::Expectation> expected;
  for (const std::string& each : options.issuers) expected.push_back({each, options.audiences});
  const https_client::TlsFiles files{options.ca_bundle, "", ""};
  const bool development = options.development;
  auto fetch_url = [files, development](const std::string& url) {
    return fetch(url, files, development);
  };
  return std::make_unique<oidc::Issuers>(
      std::move(expected),
      oidc::World{std::move(fetch_url), std::move(now), &ticks, std::move(complain)});
}

}  // namespace merlon::gatehouse
