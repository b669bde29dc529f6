#include "merlon/steward_service/options.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/command/numbers.h"
#include "merlon/credential/key_record.h"
#include "merlon/service/listeners.h"

namespace merlon::steward_service {

using base::concat;

namespace {

struct Letter {
  std::string_view short_form;
  std::string_view name;
};
constexpr auto letters = std::array{Letter{"-k", "--key"}, Letter{"-c", "--crt"},
                                    Letter{"-p", "--port"}, Letter{"-a", "--addr"}};

/// "-p", "-p3000" or "-p=3000" as the table knows it; another word as it is.
std::string spelled_out(const std::string& word) {
  for (const Letter& each : letters) {
    if (!word.starts_with(each.short_form)) continue;
    std::string_view value = std::string_view(word).substr(each.short_form.size());
    if (value.empty()) return std::string(each.name);
    if (value.starts_with('=')) value.remove_prefix(1);
    return concat(each.name, "=", value);
  }
  return word;
}

/// The option, else the variable.
std::string value_of(const command::Arguments& arguments, const command::Terminal& terminal,
                     std::string_view option, const char* variable) {
  if (arguments.has(option)) return arguments.value(option);
  return terminal.variable(variable);
}

/// A text of the option or the variable.
Outcome<std::uint16_t> port_of(const std::string& text) {
  constexpr std::uint64_t last_port = 65535;
  const auto number = base::parse_decimal(text);
  if (number && *number <= last_port) return static_cast<std::uint16_t>(*number);
  return concat("--port ", base::printable(text), ": must be a number from 0 to ", last_port);
}

/// Where to listen: --listen, or Enarx's address and port.
Outcome<std::vector<http::ListenAddress>> listens_of(const command::Arguments& arguments,
                                                     const command::Terminal& terminal) {
  if (arguments.has("--listen")) return service::addresses_of(arguments.values("--listen"), {});
  std::string address = value_of(arguments, terminal, "--addr", "ROCKET_ADDRESS");
  if (address.empty()) address = "::";
  std::string port = value_of(arguments, terminal, "--port", "ROCKET_PORT");
  if (port.empty()) port = "3000";
  return std::vector<http::ListenAddress>{{address, TRY(port_of(port))}};
}

Outcome<void> read_limits(const command::Arguments& arguments, Options& options) {
  struct Bound {
    std::string_view option;
    std::size_t* value;
  };
  for (const Bound& each : {Bound{"--connections", &options.limits.connections},
                            Bound{"--per-address", &options.limits.per_address},
                            Bound{"--workers", &options.workers}}) {
    *each.value = TRY(command::number_of(arguments, each.option, {1, 1'000'000}, *each.value));
  }
  return {};
}

Outcome<void> read_release(const command::Arguments& arguments, Options& options) {
  ReleaseOptions& release = options.release;
  release.store = arguments.value("--release-store");
  release.key = arguments.value("--release-key");
  const auto all = [&](std::string_view name) {
    const auto values = arguments.values(name);
    return std::vector<std::string>(values.begin(), values.end());
  };
  release.issuers = {all("--oidc-issuer"), all("--oidc-audience"), arguments.value("--ca-bundle"),
                     options.development};
  struct Bound {
    std::string_view option;
    std::size_t* value;
  };
  for (const Bound& each : {Bound{"--release-deposits", &release.quota.deposits},
                            Bound{"--release-per-tenant", &release.quota.deposits_of_tenant}}) {
    *each.value = TRY(command::number_of(arguments, each.option, {1, 65'536}, *each.value));
  }
  release.per_minute = static_cast<std::uint32_t>(
      TRY(command::number_of(arguments, "--release-pace", {0, 1'000'000}, release.per_minute)));
  return {};
}

Outcome<void> read_credentials(const command::Arguments& arguments, Options& options) {
  CredentialOptions& credentials = options.credentials;
  credentials.directory = arguments.value("--credentials");
  credentials.issuer = arguments.value("--credential-issuer");
  credentials.limit = static_cast<std::uint32_t>(
      TRY(command::number_of(arguments, "--credential-limit", {2, 1'000'000}, credentials.limit)));
  credentials.epoch = TRY(duration_of(arguments, "--credential-epoch", credentials.epoch,
                                      std::chrono::seconds(10), std::chrono::hours(24) * 366));
  if (credentials.directory.empty()) {
    const bool is_said = arguments.has("--credential-issuer") ||
                         arguments.has("--credential-limit") || arguments.has("--credential-epoch");
    if (is_said) return std::string("--credential-… are for --credentials");
    return {};
  }
  if (credentials.issuer.empty()) {
    return std::string("--credentials needs --credential-issuer: what keys say whose they are");
  }
  const bool fits =
      credentials.issuer.size() <= credential::KeyRecord::max_issuer_size &&
      std::ranges::all_of(credentials.issuer, [](char c) { return c >= ' ' && c <= '~'; });
  if (!fits) return std::string("--credential-issuer: up to 255 printable characters of ASCII");
  return {};
}

/// Names of certificates as Enarx's --san has them: one, or several with commas.
void add_names(std::vector<std::string>& names, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    if (end > 0) names.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Outcome<void> check_release(const Options& options) {
  const ReleaseOptions& release = options.release;
  if (release.store.empty()) {
    if (release.key.empty() && release.issuers.issuers.empty()) return {};
    return std::string("--release-key and --oidc-issuer are for a broker: --release-store");
  }
  if (release.key.empty()) return std::string("--release-store needs --release-key");
  if (options.state.empty()) {
    return std::string("--release-store needs --state: how far it had come is put there");
  }
  if (release.issuers.issuers.empty()) {
    return std::string("--release-store needs --oidc-issuer: whose tokens name tenants");
  }
  const bool is_open =
      options.tls_key.empty() && !std::ranges::all_of(options.listen, &service::is_own);
  if (is_open && !options.development) {
    return std::string(
        "--release-store: deposits are secrets: --tls-key and --tls-crt, or --listen with an "
        "address of this machine where TLS is a proxy's");
  }
  return service::check(release.issuers);
}

Outcome<void> check(const Options& options) {
  if (options.key.empty() != options.certificate.empty()) {
    return std::string("--key and --crt belong together: a CA's private key and its certificate");
  }
  const int signers =
      (options.key.empty() ? 0 : 1) + (options.ca.empty() ? 0 : 1) + (options.host.empty() ? 0 : 1);
  if (signers != 1) {
    return std::string(
        "who signs? --key and --crt name a CA's files, --ca a directory of merlon-steward ca, or "
        "--host the name of a CA that is made now and gone with this process; one of the three");
  }
  if (options.tls_key.empty() != options.tls_certificate.empty()) {
    return std::string("--tls-key and --tls-crt belong together");
  }
  if (!options.renew.empty() && options.state.empty()) {
    return std::string("--renew needs --state: what comes is put there");
  }
  TRY(check_release(options));
  if (options.at && !options.development) {
    return std::string("--at is for --development: certificates are for now");
  }
  return {};
}

}  // namespace

Outcome<std::chrono::seconds> duration_of(const command::Arguments& arguments,
                                          std::string_view option, std::chrono::seconds fallback,
                                          std::chrono::seconds least, std::chrono::seconds most) {
  if (!arguments.has(option)) return fallback;
  const std::string text = arguments.value(option);
  const auto duration = parse_duration(text);
  if (duration && *duration >= least && *duration <= most) return *duration;
  return concat(option, " ", base::printable(text),
                ": must be a time such as 90s, 15m or 12h, from ", least.count(), "s to ",
                most.count(), "s");
}

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  std::uint64_t unit = 1;
  if (!text.empty()) {
    switch (text.back()) {
      case 's': unit = 1; break;
      case 'm': unit = 60; break;
      case 'h': unit = 3600; break;
      case 'd': unit = 86'400; break;
      default: unit = 0; break;
    }
    if (unit != 0) text.remove_suffix(1);
    unit = std::max<std::uint64_t>(unit, 1);
  }
  const auto number = base::parse_decimal(text);
  if (!number || *number > 1'000'000'000) return std::nullopt;
  return std::chrono::seconds(*number * unit);
}

std::vector<std::string> respelled(const std::vector<std::string>& words) {
  std::vector<std::string> result;
  for (const std::string& word : words) result.push_back(spelled_out(word));
  return result;
}

Outcome<Options> options_of(const command::Arguments& arguments,
                            const command::Terminal& terminal) {
  Options options;
  options.key = value_of(arguments, terminal, "--key", "STEWARD_KEY");
  options.certificate = value_of(arguments, terminal, "--crt", "STEWARD_CRT");
  options.host = value_of(arguments, terminal, "--host", "RENDER_EXTERNAL_HOSTNAME");
  // A hosting service sets the variable; whoever names files means these.
  options.ca = arguments.value("--ca");
  if (!arguments.has("--host") && !(options.key.empty() && options.ca.empty())) {
    options.host.clear();
  }
  for (const std::string& each : arguments.values("--san")) add_names(options.names, each);
  if (options.names.empty()) add_names(options.names, terminal.variable("STEWARD_SAN"));
  options.listen = TRY(listens_of(arguments, terminal));
  if (arguments.has("--config") && arguments.has("--policy")) {
    return std::string("--config and --policy are the same option; name one file");
  }
  options.policy = arguments.value(arguments.has("--config") ? "--config" : "--policy");
  const auto endorsements = arguments.values("--endorsements");
  options.endorsements.assign(endorsements.begin(), endorsements.end());
  const auto early = arguments.values("--early");
  options.early.assign(early.begin(), early.end());
  options.state = arguments.value("--state");
  const auto renew = arguments.values("--renew");
  options.renew.assign(renew.begin(), renew.end());
  options.fetcher = arguments.value("--fetcher");
  options.intel_url = arguments.value("--intel-url");
  options.intel_root_url = arguments.value("--intel-root-url");
  options.amd_url = arguments.value("--amd-url");
  options.tls_key = arguments.value("--tls-key");
  options.tls_certificate = arguments.value("--tls-crt");
  using std::chrono::seconds;
  if (arguments.has("--lifetime")) {
    options.lifetime =
        TRY(duration_of(arguments, "--lifetime", seconds(0), seconds(5), std::chrono::days(90)));
  }
  options.watch = TRY(duration_of(arguments, "--watch", seconds(2), seconds(0), seconds(86'400)));
  options.drain = TRY(duration_of(arguments, "--drain", seconds(30), seconds(0), seconds(3600)));
  options.development = arguments.has("--development");
  if (arguments.has("--at")) {
    const std::string text = arguments.value("--at");
    const auto time = codec::parse_rfc3339(text);
    if (!time)
      return concat("--at ", base::printable(text), ": must be a time like 2025-06-20T00:00:00Z");
    options.at = *time;
  }
  TRY(read_limits(arguments, options));
  TRY(read_release(arguments, options));
  TRY(read_credentials(arguments, options));
  TRY(check(options));
  return options;
}

}  // namespace merlon::steward_service
