#pragma once

// The one request of a browser that comes back from an issuer [RFC8252 §7.3]: what anything on this
// machine, or a page in the browser, may send as well. Attacker-controlled and bounded. Pure.

#include <optional>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/oidc/login.h"

namespace merlon::login {

inline constexpr std::size_t max_redirect_head = 16384;
inline constexpr std::string_view redirect_path = "/callback";

/// Of "GET /callback?… HTTP/1.1" and what follows it. Nothing: another path. Malformed: no such
/// request.
[[nodiscard]] core::Result<std::optional<oidc::Redirection>> parse_redirect(std::string_view head);

/// Compares all of both, so that how long it takes tells nothing.
[[nodiscard]] bool equal_secrets(std::string_view one, std::string_view other) noexcept;

}  // namespace merlon::login
