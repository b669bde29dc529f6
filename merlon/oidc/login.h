#pragma once

// What an issuer answers to somebody who logs in: where it is asked, tokens, devices, refusals
// [OIDC-DISCOVERY §3; RFC6749 §4.1.2, §5; RFC8628 §3.2; RFC9207]. Attacker-controlled and bounded.
// Tokens are secrets and are kept as they came: judging them is for whom they are meant for. Pure.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::oidc {

inline constexpr std::size_t max_login_answer = std::size_t{64} << 10U;

/// Where an issuer is asked; empty: it does not say.
struct Endpoints {
  std::string token;
  std::string authorization;
  std::string device;
  std::string userinfo;
};
/// Denied: another issuer's document. A "/" at the end of its name does not count.
[[nodiscard]] core::Result<Endpoints> parse_endpoints(std::string_view json,
                                                      std::string_view issuer);

struct TokenAnswer {
  std::string access_token;
  std::string refresh_token;                  ///< empty: none came
  std::optional<std::uint64_t> expires_in{};  ///< seconds
};
[[nodiscard]] core::Result<TokenAnswer> parse_token_answer(std::string_view json);

struct DeviceAnswer {
  std::string device_code;
  std::string user_code;
  std::string verification_uri;
  std::string complete_uri;      ///< with the code in it; empty: none came
  std::uint64_t expires_in = 0;  ///< seconds, at most an hour
  std::uint64_t interval = 5;    ///< seconds between questions, 1 to 60
};
[[nodiscard]] core::Result<DeviceAnswer> parse_device_answer(std::string_view json);

/// The code of a refusal, "authorization_pending". Malformed: it is none.
[[nodiscard]] core::Result<std::string> parse_login_refusal(std::string_view json);

/// "sub" of what the userinfo endpoint says, or of a token's claims, which nobody has judged.
[[nodiscard]] core::Result<std::string> parse_subject(std::string_view json);
[[nodiscard]] core::Result<std::string> subject_claimed_by(std::string_view token);

/// What comes back by the browser: the query of the redirection.
struct Redirection {
  std::string code;
  std::string state;
  std::string issuer;  ///< empty: it does not say
  std::string error;   ///< instead of a code
};
/// Of "code=…&state=…". Malformed: a name twice, an escape that is none, neither code nor error.
[[nodiscard]] core::Result<Redirection> parse_redirection(std::string_view query);

}  // namespace merlon::oidc
