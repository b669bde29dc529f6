#include "merlon/cli_registry/access.h"

#include "merlon/base/text.h"
#include "merlon/command/state_path.h"
#include "merlon/oci/reference.h"

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

Result<login::Reach> reach_of(const Arguments& arguments, const Terminal& terminal) {
  login::Reach reach;
  reach.files.ca_bundle =
      option_or(arguments, terminal, "--ca-bundle", {"ENARX_CA_BUNDLE", "MERLON_CA_BUNDLE"});
  reach.proxies = TRY(proxies_of(terminal));
  return reach;
}

}  // namespace

std::vector<std::string> docker_files(const Terminal& terminal) {
  const auto below = [&](const char* variable, std::string_view more) {
    const std::string value = terminal.variable(variable);
    return value.empty() ? std::string() : concat(value, more);
  };
  const std::string docker = below("DOCKER_CONFIG", "/config.json");
  const std::string config = below("XDG_CONFIG_HOME", "/containers/auth.json");
  std::vector<std::string> files{
      below("REGISTRY_AUTH_FILE", ""),
      docker.empty() ? below("HOME", "/.docker/config.json") : docker,
      below("XDG_RUNTIME_DIR", "/containers/auth.json"),
      config.empty() ? below("HOME", "/.config/containers/auth.json") : config};
  std::erase(files, "");
  return files;
}

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
  if (oci::is_reference(text)) {
    return usage(concat(base::quoted(text), ": this command is not for OCI registries"));
  }
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
  const login::Reach reach = TRY(reach_of(arguments, terminal));
  const login::Logins logins(command::state_path(terminal, "logins"));
  Access access(named, reach, logins);
  login::TokenWishes wishes;
  wishes.token =
      option_or(arguments, terminal, "--insecure-auth-token", {"ENARX_INSECURE_AUTH_TOKEN"});
  wishes.helper =
      option_or(arguments, terminal, "--credential-helper", {"ENARX_CREDENTIAL_HELPER"});
  wishes.issuer = option_or(arguments, terminal, "--oidc-domain", {"ENARX_OIDC_DOMAIN"});
  wishes.secret = terminal.variable("ENARX_OIDC_CLIENT_SECRET");
  wishes.docker_files = docker_files(terminal);
  access.set_tokens(std::move(wishes), arguments.value("--token"));
  return access;
}

Result<Access> Access::of_other(const Arguments& arguments, const Terminal& terminal,
                                const std::string& host) {
  const login::Reach reach = TRY(reach_of(arguments, terminal));
  Access access(host, reach, login::Logins(command::state_path(terminal, "logins")));
  login::TokenWishes wishes;
  wishes.token = arguments.value("--insecure-auth-token");
  wishes.helper = arguments.value("--credential-helper");
  wishes.issuer = arguments.value("--oidc-domain");
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
