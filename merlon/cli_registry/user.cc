// merlon user …: who one is to a registry.

#include "merlon/base/text.h"
#include "merlon/cli_registry/access.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/codec/json_writer.h"
#include "merlon/os/poll.h"

namespace merlon::cli_registry {

using base::concat;
using cli::Arguments;
using cli::Terminal;

namespace {

/// What a registry of Enarx asks for, and to be renewed.
constexpr std::string_view usual_scope =
    "openid profile offline_access manage:drawbridge_users manage:drawbridge_repositories "
    "manage:drawbridge_tags";

template <typename T>
Result<T> plain(core::Result<T, std::string> result) {
  if (!result) return Failure{result.error()};
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

/// Of the positional, --host, --store-host or the variable.
Result<Access> access_of(const Arguments& arguments, const Terminal& terminal) {
  std::string host = arguments.positional(0);
  if (host.empty()) host = arguments.value("--host", arguments.value("--store-host"));
  return Access::of(arguments, terminal, host);
}

void wait_seconds(std::uint64_t seconds) {
  static_cast<void>(os::poll({}, std::chrono::seconds(seconds)));
}

Result<oidc::TokenAnswer> log_in(const Arguments& arguments, const Terminal& terminal,
                                 const std::string& issuer, const Access& access,
                                 const oidc::Endpoints& endpoints, const login::Wishes& wishes) {
  const login::Post post = login::post_by(access.reach());
  const login::Say say = [&](const std::string& line) {
    static_cast<void>(terminal.err(base::Printable::lines(line + "\n")));
  };
  const std::string flow = arguments.value("--oidc-flow", "device");
  if (flow == "client") return plain(login::log_in_as_client(post, endpoints, wishes));
  if (flow == "browser") {
    return plain(login::log_in_by_browser(post, endpoints, issuer, wishes, say));
  }
  if (flow == "device") {
    return plain(login::log_in_on_device(post, endpoints, wishes, say, &wait_seconds));
  }
  return Failure{concat("--oidc-flow: there is no ", base::quoted(flow)), Status::Usage};
}

Result<int> login(const Arguments& arguments, const Terminal& terminal) {
  const Access access = TRY(access_of(arguments, terminal));
  const std::string issuer = option_or(arguments, terminal, "--oidc-domain", {"ENARX_OIDC_DOMAIN"});
  if (issuer.empty()) {
    return Failure{"no issuer is named: --oidc-domain or ENARX_OIDC_DOMAIN", Status::Usage};
  }
  login::Wishes wishes;
  wishes.client_id = option_or(arguments, terminal, "--oidc-client-id", {"MERLON_OIDC_CLIENT_ID"});
  if (wishes.client_id.empty()) {
    return Failure{"--oidc-client-id: must say as whom this program is known to the issuer",
                   Status::Usage};
  }
  wishes.client_secret = terminal.variable("ENARX_OIDC_CLIENT_SECRET");
  wishes.audience = arguments.value("--oidc-audience", concat("https://", access.bare_host(), "/"));
  wishes.scope = arguments.value("--oidc-scope", usual_scope);
  const auto endpoints = TRY(plain(login::discover(issuer, access.reach())));
  const auto tokens = TRY(log_in(arguments, terminal, issuer, access, endpoints, wishes));
  const login::Login login{issuer, wishes.client_id, endpoints.token, endpoints.userinfo};
  const std::string helper =
      option_or(arguments, terminal, "--credential-helper", {"ENARX_CREDENTIAL_HELPER"});
  const auto kept =
      TRY(plain(login::keep_tokens(access.logins(), access.bare_host(), login, helper, tokens)));
  return cli::print(
      terminal,
      concat("Logged in for ", access.bare_host(), "; the token is kept in the ",
             login::name_of(kept.store), kept.store == login::StoreKind::File ? " store" : "",
             tokens.refresh_token.empty() ? " and cannot be renewed\n" : "\n"));
}

Result<int> logout(const Arguments& arguments, const Terminal& terminal) {
  const Access access = TRY(access_of(arguments, terminal));
  const std::string host = access.bare_host();
  const auto login = TRY(plain(access.logins().find(host)));
  if (!login) return Failure{concat(base::printable(host), ": nobody is logged in")};
  bool kept = login->store == login::StoreKind::Helper;
  if (!kept) {
    const auto store = login->store == login::StoreKind::Keyring
                           ? login::SecretStore::keyring()
                           : login::SecretStore::files(access.logins().secrets());
    TRY(plain(store.remove(login::id_of(login->issuer, host))));
    TRY(plain(store.remove(login::id_of_refresh_token(login->issuer, host))));
  }
  TRY(plain(access.logins().forget(host)));
  if (!kept) return 0;
  return cli::print(terminal, concat("The credential helper still keeps ",
                                     login::id_of(login->issuer, host), "\n"));
}

/// Who the token's bearer is to the issuer: as the token claims, or as the issuer says. The
/// registry judges the token by itself.
Result<std::string> own_subject(const Access& access) {
  const std::string token = TRY(plain(access.tokens()->token()));
  if (token.empty()) {
    return Failure{concat(base::printable(access.host()), ": no token; see merlon user login")};
  }
  if (auto claimed = oidc::subject_claimed_by(token)) return *std::move(claimed);
  const auto login = TRY(plain(access.logins().find(access.bare_host())));
  if (!login || login->userinfo.empty()) {
    return Failure{"the token does not say whose it is, and there is no issuer to ask"};
  }
  return plain(login::subject_of(login->userinfo, concat("Bearer ", token), access.reach()));
}

int print_subject(const Arguments& arguments, const Terminal& terminal, const Spec& spec,
                  const std::string& subject) {
  if (!arguments.has("--json")) {
    return cli::print(terminal,
                      concat(spec.name.user, ": subject ", base::printable(subject), "\n"));
  }
  codec::JsonWriter json;
  json.open_object();
  json.key("subject");
  json.text(subject);
  json.close_object();
  return cli::print(terminal, json.result() + "\n");
}

Result<int> register_one(const Arguments& arguments, const Terminal& terminal) {
  const auto spec = TRY(user_spec(arguments.positional(0)));
  const Access access = TRY(Access::of(arguments, terminal, spec.host));
  const auto client = TRY(access.client());
  const std::string subject = TRY(own_subject(access));
  TRY(told(client.register_user(spec.name.user, subject)));
  return arguments.has("--json") ? print_subject(arguments, terminal, spec, subject) : 0;
}

Result<int> info(const Arguments& arguments, const Terminal& terminal) {
  const auto spec = TRY(user_spec(arguments.positional(0)));
  const Access access = TRY(Access::of(arguments, terminal, spec.host));
  const auto client = TRY(access.client());
  const std::string subject = TRY(told(client.subject_of(spec.name.user)));
  return print_subject(arguments, terminal, spec, subject);
}

}  // namespace

int user_login(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, login(arguments, terminal));
}
int user_logout(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, logout(arguments, terminal));
}
int user_register(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, register_one(arguments, terminal));
}
int user_info(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, info(arguments, terminal));
}

}  // namespace merlon::cli_registry
