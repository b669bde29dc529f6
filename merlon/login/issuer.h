#pragma once

// An issuer of OpenID Connect as somebody who logs in asks it. Its answers are its own word; what
// it is asked for is read strictly (oidc/login.h). Errors are lines for people without a secret.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "merlon/https_client/https_client.h"
#include "merlon/oidc/login.h"

namespace merlon::login {

template <typename T>
using Result = core::Result<T, std::string>;

/// An error, also where the value would be a text as well.
[[nodiscard]] inline core::Unexpected<std::string> failure(std::string text) {
  return core::Unexpected<std::string>(std::move(text));
}

/// How servers are reached.
struct Reach {
  https_client::TlsFiles files{};
  https_client::ProxyRules proxies{};
};

/// As application/x-www-form-urlencoded has it.
using Form = std::vector<std::pair<std::string_view, std::string>>;
[[nodiscard]] std::string to_text(const Form& form);

/// Posts a form to an address and gives the answer, whatever its status. `authorization` is that
/// header's value, or empty.
using Post = std::function<Result<http_client::Answer>(const std::string& url, const Form& form,
                                                       const std::string& authorization)>;

[[nodiscard]] Post post_by(const Reach& reach);
[[nodiscard]] Result<oidc::Endpoints> discover(const std::string& issuer, const Reach& reach);
/// Of whom the token is, by the issuer's word.
[[nodiscard]] Result<std::string> subject_of(const std::string& userinfo,
                                             const std::string& authorization, const Reach& reach);

/// Who asks, and for what.
struct Wishes {
  std::string client_id;
  std::string client_secret{};  ///< empty: a public client
  std::string audience{};
  std::string scope{};
};

/// Asks for tokens by `grant`, to which who asks is added: in the form, and where the issuer wants
/// it there, in a header [RFC6749 §2.3.1].
[[nodiscard]] Result<oidc::TokenAnswer> ask_for_tokens(const Post& post,
                                                       const std::string& endpoint,
                                                       const Wishes& wishes, Form grant);
/// By a refresh token.
[[nodiscard]] Result<oidc::TokenAnswer> refresh(const Post& post, const std::string& endpoint,
                                                const Wishes& wishes, const std::string& token);

/// A line for whoever sits there.
using Say = std::function<void(const std::string& line)>;

/// For programs: the client's own credentials [RFC6749 §4.4].
[[nodiscard]] Result<oidc::TokenAnswer> log_in_as_client(const Post& post,
                                                         const oidc::Endpoints& endpoints,
                                                         const Wishes& wishes);

/// On another device [RFC8628]. `wait` lets the seconds pass.
[[nodiscard]] Result<oidc::TokenAnswer> log_in_on_device(
    const Post& post, const oidc::Endpoints& endpoints, const Wishes& wishes, const Say& say,
    const std::function<void(std::uint64_t seconds)>& wait);

/// In a browser of this machine, which comes back to a port of it [RFC8252; RFC7636].
[[nodiscard]] Result<oidc::TokenAnswer> log_in_by_browser(const Post& post,
                                                          const oidc::Endpoints& endpoints,
                                                          const std::string& issuer,
                                                          const Wishes& wishes, const Say& say);

}  // namespace merlon::login
