#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/login/logins.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::login {

using base::concat;

namespace {

std::uint64_t seconds_now() {
  constexpr std::uint64_t second = 1'000'000'000;
  return os::now(os::Clock::Realtime).value_or(0) / second;
}

Result<std::string> read_file(const std::string& path) {
  const auto file = os::open_file(path);
  if (!file) return failure(concat(base::printable(path), ": ", os::describe(file.error())));
  const auto bytes = os::read_all(*file, max_secret);
  if (!bytes) return failure(concat(base::printable(path), ": ", os::describe(bytes.error())));
  std::string_view text = core::as_text(*bytes);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return std::string(text);
}

}  // namespace

/// Which login it is, and where its token lies.
Result<void> LoginTokens::look_up() {
  if (std::exchange(looked_up_, true)) return {};
  login_ = TRY(logins_.find(host_));
  issuer_ = !wishes_.issuer.empty() ? wishes_.issuer : login_ ? login_->issuer : "";
  // Of another issuer than that of the login its record says nothing.
  if (login_ && id_of(login_->issuer, host_) != id_of(issuer_, host_)) login_.reset();
  if (issuer_.empty() && !wishes_.helper.empty()) {
    return std::string("a credential helper names tokens by their issuer (--oidc-domain)");
  }
  if (issuer_.empty()) return {};
  if (!wishes_.helper.empty()) {
    store_ = SecretStore::helper(wishes_.helper);
  } else if (login_ && login_->store == StoreKind::File) {
    store_ = SecretStore::files(logins_.secrets());
  } else if (login_ && login_->store == StoreKind::Helper) {
    return std::string("its token is in a credential helper: name it (--credential-helper)");
  } else {
    store_ = SecretStore::keyring();
  }
  return {};
}

/// A registry that takes tokens alone was given one as its password, or there is none.
Result<std::string> LoginTokens::of_docker() {
  const bool by_helper = is_docker_helper(wishes_.helper);
  if (!docker_ && by_helper) {
    const auto found = ask_docker_helper(wishes_.helper, host_);
    docker_.emplace(found ? Result<RegistryLogin>(found->value_or(RegistryLogin()))
                          : Result<RegistryLogin>(core::Unexpected(found.error())));
  }
  if (!docker_) docker_.emplace(find_registry_login(wishes_.docker_files, host_, ""));
  if (!*docker_) return failure(docker_->error());
  const RegistryLogin& login = **docker_;
  if (!login.registry_token.empty()) return Result<std::string>(login.registry_token);
  return Result<std::string>(login.identity_token.empty() ? login.password : login.identity_token);
}

Result<std::string> LoginTokens::kept() {
  if (is_docker_helper(wishes_.helper)) return of_docker();
  TRY(look_up());
  if (!store_) return of_docker();
  auto secret = TRY(store_->show(id_of(issuer_, host_)));
  if (secret) return *std::move(secret);
  if (wishes_.issuer.empty() && wishes_.helper.empty()) return of_docker();
  return failure("no token is kept for it; see merlon user login");
}

Result<std::string> LoginTokens::read() {
  if (!wishes_.token.empty()) return wishes_.token;
  return wishes_.file.empty() ? kept() : read_file(wishes_.file);
}

Result<std::string> LoginTokens::token() {
  if (!token_) {
    token_ = TRY(read());
    constexpr std::uint64_t soon = 30;  // seconds
    const bool over = login_ && login_->expires != 0 && seconds_now() + soon >= login_->expires;
    if (over && !token_->empty()) static_cast<void>(refresh_token());
  }
  const bool shows = std::ranges::all_of(*token_, [](char c) { return c > ' ' && c < 0x7F; });
  if (!shows) return failure("what is kept for it is no token");
  return *token_;
}

core::Result<std::string, std::string> LoginTokens::authorization() {
  const std::string text = TRY(token());
  return text.empty() ? text : concat("Bearer ", text);
}

bool LoginTokens::renew() {
  const std::string before = token_.value_or("");
  // Somebody else may have put a new one there.
  if (const auto now = read(); now && !now->empty() && *now != before) {
    token_ = *now;
    return true;
  }
  return refresh_token();
}

bool LoginTokens::refresh_token() {
  if (!login_ || !store_ || !token_) return false;
  const auto lock = logins_.lock(host_);
  if (!lock) return false;
  const auto now = kept();
  if (now && !now->empty() && *now != *token_) {
    token_ = *now;
    return true;
  }
  const auto secret = store_->show(id_of_refresh_token(issuer_, host_));
  if (!secret || !*secret) return false;
  const auto tokens = refresh(post_by(reach_), login_->token_endpoint,
                              {login_->client_id, wishes_.secret, {}, {}}, **secret);
  if (!tokens) return false;
  // Into the store that it came from.
  const std::string id = id_of(issuer_, host_);
  bool well = store_->insert(id, tokens->access_token).has_value();
  if (!tokens->refresh_token.empty()) {
    well = store_->insert(id_of_refresh_token(issuer_, host_), tokens->refresh_token) && well;
  }
  login_->expires = tokens->expires_in ? seconds_now() + *tokens->expires_in : 0;
  well = logins_.keep(host_, *login_) && well;
  token_ = tokens->access_token;
  return well || !token_->empty();
}

}  // namespace merlon::login
