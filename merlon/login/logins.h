#pragma once

// What this user has logged in to: for each registry, at which issuer and as which client; no
// secret. One file for each, below the state directory. And the tokens that come of it, which are
// renewed when a registry refuses them or their time is over.

#include <memory>
#include <optional>
#include <string>

#include "merlon/login/docker_config.h"
#include "merlon/login/secret_store.h"
#include "merlon/registry_client/client.h"

namespace merlon::login {

struct Login {
  std::string issuer;
  std::string client_id;
  std::string token_endpoint;
  std::string userinfo;  ///< empty: the issuer does not say
  StoreKind store = StoreKind::File;
  std::uint64_t expires = 0;  ///< seconds since 1970; 0: nobody said
  bool operator==(const Login&) const = default;
};
[[nodiscard]] std::string to_json(const Login& login);
/// A file of the user's, but bounded and read strictly all the same. Malformed.
[[nodiscard]] core::Result<Login> parse_login(std::string_view json);

/// The logins of a user, in a directory; an empty path: there is nowhere to keep any.
class Logins {
 public:
  explicit Logins(std::string folder) noexcept : folder_(std::move(folder)) {}

  [[nodiscard]] Result<std::optional<Login>> find(const std::string& host) const;
  [[nodiscard]] Result<void> keep(const std::string& host, const Login& login) const;
  [[nodiscard]] Result<void> forget(const std::string& host) const;
  /// Held until it goes: only one renews the tokens of a host at a time.
  [[nodiscard]] Result<os::Fd> lock(const std::string& host) const;
  /// Where secrets lie if there is no better place.
  [[nodiscard]] std::string secrets() const { return folder_ + "/secrets"; }

 private:
  [[nodiscard]] std::string path_of(const std::string& host) const;
  std::string folder_;
};

/// By which name Enarx keeps a token: the issuer's host and the registry's.
[[nodiscard]] std::string id_of(std::string_view issuer, std::string_view host);
[[nodiscard]] std::string id_of_refresh_token(std::string_view issuer, std::string_view host);

/// What a command line says of tokens; the first that is there counts.
struct TokenWishes {
  std::string token;   ///< the token itself
  std::string file;    ///< one that holds it, read anew each time
  std::string helper;  ///< a credential helper; else where the login was kept
  std::string issuer;  ///< else the login's
  std::string secret;  ///< of the client, for renewing
  /// Where Docker and others keep logins (docker_config.h), if nothing else gives a token: what is
  /// kept there for this registry is the token.
  std::vector<std::string> docker_files{};
};

class LoginTokens final : public registry_client::Tokens {
 public:
  LoginTokens(TokenWishes wishes, Logins logins, std::string host, Reach reach) noexcept
      : wishes_(std::move(wishes)),
        logins_(std::move(logins)),
        host_(std::move(host)),
        reach_(std::move(reach)) {}

  [[nodiscard]] core::Result<std::string, std::string> authorization() override;
  [[nodiscard]] bool renew() override;
  /// The token itself; empty: there is none.
  [[nodiscard]] Result<std::string> token();

 private:
  [[nodiscard]] Result<std::string> read();
  [[nodiscard]] Result<std::string> kept();
  [[nodiscard]] Result<std::string> of_docker();
  [[nodiscard]] Result<void> look_up();
  [[nodiscard]] bool refresh_token();

  TokenWishes wishes_;
  Logins logins_;
  std::string host_;
  Reach reach_;
  std::optional<Login> login_;
  std::string issuer_;
  std::optional<SecretStore> store_;
  bool looked_up_ = false;
  std::optional<std::string> token_;
  std::optional<Result<RegistryLogin>> docker_;  ///< a helper is asked once
};

/// Keeps what a login gave: in the helper if there is one, else in the keyring where it works, else
/// in files. Gives the login as it is kept.
[[nodiscard]] Result<Login> keep_tokens(const Logins& logins, const std::string& host, Login login,
                                        const std::string& helper, const oidc::TokenAnswer& tokens);

}  // namespace merlon::login
