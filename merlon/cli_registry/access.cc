#include "merlon/cli_registry/access.h"

#include "merlon/base/text.h"
#include "merlon/cli/state.h"

namespace merlon::cli_registry {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using registry_client::Trouble;

namespace {

Failure usage(std::string text) { return {std::move(text), Status::Usage}; }

/// Takes the last part of a name off it; the whole if there is only one.
std::string_view take_last(std::string_view& text) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return std::exchange(text, {});
  const std::string_view last = text.substr(slash + 1);
  text = text.substr(0, slash);
  return last;
}

/// HTTPS_PROXY, in either case of letters as everybody else reads it.
Result<https_client::ProxyRules> proxies_of(const Terminal& terminal) {
  const auto variable = [&](const char* upper, const char* lower) {
    std::string value = terminal.variable(upper);
    return value.empty() ? terminal.variable(lower) : value;
  };
  auto rules = https_client::ProxyRules::parse(variable("HTTPS_PROXY", "https_proxy"),
                                               variable("NO_PROXY", "no_proxy"));
  if (!rules) return usage(rules.error());
  return *std::move(rules);
}

}  // namespace

Failure failure_of(const registry_client::Failure& failure) {
  const bool untrue = failure.trouble == Trouble::Untrue || failure.trouble == Trouble::Withdrawn;
  return {failure.text, untrue ? Status::Untrue : Status::Unusable};
}

int end(const Terminal& terminal, const Result<int>& status) {
  if (status) return *status;
  return cli::fail(terminal, status.error().text, static_cast<int>(status.error().status));
}

std::string option_or(const Arguments& arguments, const Terminal& terminal, std::string_view option,
                      std::initializer_list<const char*> variables) {
  if (arguments.has(option)) return arguments.value(option);
  for (const char* each : variables) {
    std::string value = terminal.variable(each);
    if (!value.empty()) return value;
  }
  return {};
}

Result<Spec> user_spec(const std::string& text) {
  std::string_view rest = text;
  Spec spec;
  spec.name.user = take_last(rest);
  spec.host = rest;
  if (!registry::is_user(spec.name.user)) {
    return usage(concat(base::quoted(text), ": a user is [HOST/]USER, of letters and digits"));
  }
  return spec;
}

Result<Spec> repository_spec(const std::string& text) {
  std::string_view rest = text;
  Spec spec;
  spec.name.repository = take_last(rest);
  spec.name.user = take_last(rest);
  spec.host = rest;
  if (!registry::is_user(spec.name.user) || !registry::is_repository(spec.name.repository)) {
    return usage(concat(base::quoted(text),
                        ": a repository is [HOST/]USER/REPO, of letters, digits and \"-\""));
  }
  return spec;
}

Result<registry::Slug> slug_of(const std::string& text) {
  auto slug = registry::Slug::parse(text);
  if (!slug) return usage(concat(base::quoted(text), ": ", slug.error().message()));
  return *std::move(slug);
}

Result<Access> Access::of(const Arguments& arguments, const Terminal& terminal,
                          const std::string& host) {
  const std::string named =
      !host.empty() ? host : option_or(arguments, terminal, "--host", {"MERLON_DRAWBRIDGE"});
  if (named.empty()) {
    return usage("no registry is named: HOST/… in front of the name, --host or MERLON_DRAWBRIDGE");
  }
  login::Reach reach;
  reach.files.ca_bundle =
      option_or(arguments, terminal, "--ca-bundle", {"ENARX_CA_BUNDLE", "MERLON_CA_BUNDLE"});
  reach.proxies = TRY(proxies_of(terminal));
  login::Logins logins(cli::state_path(terminal, "logins"));
  Access access(named, reach, logins);
  login::TokenWishes wishes;
  wishes.token =
      option_or(arguments, terminal, "--insecure-auth-token", {"ENARX_INSECURE_AUTH_TOKEN"});
  wishes.helper =
      option_or(arguments, terminal, "--credential-helper", {"ENARX_CREDENTIAL_HELPER"});
  wishes.issuer = option_or(arguments, terminal, "--oidc-domain", {"ENARX_OIDC_DOMAIN"});
  wishes.secret = terminal.variable("ENARX_OIDC_CLIENT_SECRET");
  access.set_tokens(std::move(wishes), arguments.value("--token"));
  return access;
}

/// A file that a command names comes before a variable.
void Access::set_tokens(login::TokenWishes wishes, std::string file) {
  if (!file.empty()) {
    wishes.token.clear();
    wishes.file = std::move(file);
  }
  tokens_ = std::make_shared<login::LoginTokens>(std::move(wishes), logins_, bare_host(), reach_);
}

std::string Access::bare_host() const {
  std::string_view host = host_;
  const std::size_t scheme = host.find("://");
  if (scheme != std::string_view::npos) host.remove_prefix(scheme + 3);
  while (host.ends_with('/')) host.remove_suffix(1);
  return std::string(host);
}

Result<registry_client::Client> Access::client() const {
  return told(registry_client::Client::create({host_, reach_.files, reach_.proxies}, tokens_));
}

}  // namespace merlon::cli_registry
