#pragma once

// Bearer tokens that are JSON Web Tokens [RFC7519] in the compact form of a signature [RFC7515
// §3.1, §7.1]: ID tokens [OIDC-CORE §2] and access tokens [RFC9068]. A token is a secret of whoever
// bears it, and anybody's word until it is judged. Pure; the time is given.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/oidc/key_set.h"

namespace merlon::oidc {

/// Why a token counts for nothing.
enum class TokenRefusal : std::uint8_t {
  Form,       ///< no such token, or a claim that is missing or of another kind
  Algorithm,  ///< signed in a way that we do not take
  Issuer,     ///< of somebody who is not believed here
  Key,        ///< the issuer has no such key
  Signature,  ///< not what that key signed
  Audience,   ///< for somebody else
  Expired,
  Early,  ///< issued in the future, or not to be taken yet
  Scope,  ///< does not grant what is asked
  Keys,   ///< the issuer's keys are not to be had now; another time it may count
};
/// Stable, for programs: "token.expired". Static storage.
[[nodiscard]] std::string_view code_of(TokenRefusal refusal) noexcept;
/// A sentence without anything of the token. Static storage.
[[nodiscard]] std::string_view describe(TokenRefusal refusal) noexcept;

/// What must hold of a token.
struct Expectation {
  std::string issuer;                  ///< the very text
  std::vector<std::string> audiences;  ///< one of these must be among the token's
  std::vector<std::string> scopes{};   ///< all of these must be among the token's
  std::int64_t leeway_seconds = 60;    ///< how far the clocks may be apart
};

/// What a token says, whose signature and claims were found to hold.
struct Claims {
  std::string issuer;
  std::string subject;  ///< who, to the issuer: 1 to 255 characters of ASCII that show
  codec::UnixTime expires;
  std::vector<std::string> audiences;
  std::vector<std::string> scopes;

  [[nodiscard]] bool has_scope(std::string_view name) const noexcept;
};

/// A token taken apart: nothing of it counts yet.
class Token {
 public:
  static constexpr std::size_t max_size = 8192;

  /// Form or Algorithm.
  [[nodiscard]] static core::Result<Token, TokenRefusal> parse(std::string_view text);

  /// To find the keys by; by nobody's word but the token's.
  [[nodiscard]] const std::string& claimed_issuer() const noexcept { return claims_.issuer; }
  [[nodiscard]] const std::optional<std::string>& key_id() const noexcept { return key_id_; }
  [[nodiscard]] Algorithm algorithm() const noexcept { return algorithm_; }

  /// What it says, if a key of `keys` signed it and all that is expected holds at `now`.
  [[nodiscard]] core::Result<Claims, TokenRefusal> judge(const KeySet& keys,
                                                         const Expectation& expected,
                                                         codec::UnixTime now) const;

 private:
  Token() = default;
  [[nodiscard]] core::Result<void, TokenRefusal> read_header(std::string_view json);
  [[nodiscard]] core::Result<void, TokenRefusal> read_claims(std::string_view json);

  Algorithm algorithm_ = Algorithm::Rs256;
  std::optional<std::string> key_id_;
  std::string signed_text_;
  std::vector<std::uint8_t> signature_;
  Claims claims_;
  std::optional<codec::UnixTime> not_before_;
  std::optional<codec::UnixTime> issued_;
};

}  // namespace merlon::oidc
