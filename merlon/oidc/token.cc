#include "merlon/oidc/token.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"

namespace merlon::oidc {

using codec::JsonKind;
using codec::JsonValue;
using core::Result;

namespace {

constexpr std::size_t longest_name = 1024;  // of an issuer, an audience, a key
constexpr std::size_t most_audiences = 32;
constexpr std::size_t most_scopes = 128;

/// Nothing if it is not there; Form if it is no text of a bearable size.
Result<std::optional<std::string>, TokenRefusal> optional_text(const JsonValue& object,
                                                               std::string_view name) {
  const JsonValue* const value = object.find(name);
  if (value == nullptr) return std::optional<std::string>();
  if (value->kind() != JsonKind::String || value->text().size() > longest_name) {
    return TokenRefusal::Form;
  }
  return std::optional<std::string>(value->text());
}

Result<std::string, TokenRefusal> text(const JsonValue& object, std::string_view name) {
  auto found = TRY(optional_text(object, name));
  if (!found || found->empty()) return TokenRefusal::Form;
  return *std::move(found);
}

/// Whole seconds [RFC7519 §2 NumericDate]; no issuer that we know of gives parts of one.
Result<std::optional<codec::UnixTime>, TokenRefusal> optional_time(const JsonValue& object,
                                                                   std::string_view name) {
  const JsonValue* const value = object.find(name);
  if (value == nullptr) return std::optional<codec::UnixTime>();
  constexpr std::uint64_t end_of_years = 253'402'300'799;  // 9999-12-31T23:59:59Z
  const auto seconds = value->number();
  if (!seconds || *seconds > end_of_years) return TokenRefusal::Form;
  return std::optional(codec::UnixTime{static_cast<std::int64_t>(*seconds)});
}

/// One text, or a list of them [RFC7519 §4.1.3].
Result<std::vector<std::string>, TokenRefusal> audiences_of(const JsonValue& root) {
  const JsonValue* const value = root.find("aud");
  if (value == nullptr) return TokenRefusal::Form;
  std::vector<std::string> all;
  if (value->kind() == JsonKind::String) {
    all.emplace_back(value->text());
    return all;
  }
  if (value->kind() != JsonKind::Array || value->items().size() > most_audiences) {
    return TokenRefusal::Form;
  }
  for (const JsonValue& each : value->items()) {
    if (each.kind() != JsonKind::String || each.text().size() > longest_name) {
      return TokenRefusal::Form;
    }
    all.emplace_back(each.text());
  }
  return all;
}

/// Words with a blank between them [RFC6749 §3.3, RFC9068 §2.2.3].
Result<std::vector<std::string>, TokenRefusal> scopes_of(const JsonValue& root) {
  const JsonValue* const value = root.find("scope");
  std::vector<std::string> all;
  if (value == nullptr) return all;
  if (value->kind() != JsonKind::String) return TokenRefusal::Form;
  std::string_view rest = value->text();
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    if (word.empty()) continue;
    if (all.size() == most_scopes) return TokenRefusal::Form;
    all.emplace_back(word);
  }
  return all;
}

/// [OIDC-CORE §2: sub]
bool is_subject(std::string_view text) noexcept {
  constexpr std::size_t longest = 255;
  return !text.empty() && text.size() <= longest &&
         std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

/// Tokens of other kinds are signed by the same keys: a notice of a log-out is nobody's permission
/// [RFC8725 §3.11].
bool is_bearer_type(std::string_view type) noexcept {
  constexpr std::string_view prefix = "application/";
  if (base::equal_ignoring_case(type.substr(0, prefix.size()), prefix)) {
    type.remove_prefix(prefix.size());
  }
  return base::equal_ignoring_case(type, "JWT") || base::equal_ignoring_case(type, "at+jwt");
}

bool overlap(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::ranges::any_of(some, [&](const std::string& each) {
    return std::ranges::find(others, each) != others.end();
  });
}

}  // namespace

std::string_view code_of(TokenRefusal refusal) noexcept {
  switch (refusal) {
    case TokenRefusal::Form: return "token.form";
    case TokenRefusal::Algorithm: return "token.algorithm";
    case TokenRefusal::Issuer: return "token.issuer";
    case TokenRefusal::Key: return "token.key";
    case TokenRefusal::Signature: return "token.signature";
    case TokenRefusal::Audience: return "token.audience";
    case TokenRefusal::Expired: return "token.expired";
    case TokenRefusal::Early: return "token.early";
    case TokenRefusal::Scope: return "token.scope";
    case TokenRefusal::Keys: break;
  }
  return "token.keys";
}

std::string_view describe(TokenRefusal refusal) noexcept {
  switch (refusal) {
    case TokenRefusal::Form: return "the token is no signed JSON Web Token with the claims of one";
    case TokenRefusal::Algorithm: return "the token must be signed by RS256, ES256 or EdDSA";
    case TokenRefusal::Issuer: return "the token's issuer is not believed here";
    case TokenRefusal::Key: return "the token's issuer has no such key";
    case TokenRefusal::Signature: return "the token's signature does not hold";
    case TokenRefusal::Audience: return "the token is for another audience";
    case TokenRefusal::Expired: return "the token has expired";
    case TokenRefusal::Early: return "the token is not valid yet";
    case TokenRefusal::Scope: return "the token does not grant this";
    case TokenRefusal::Keys: break;
  }
  return "the keys of the token's issuer cannot be had now";
}

bool Claims::has_scope(std::string_view name) const noexcept {
  return std::ranges::find(scopes, name) != scopes.end();
}

Result<Token, TokenRefusal> Token::parse(std::string_view text) {
  if (text.size() > max_size) return TokenRefusal::Form;
  const std::size_t first = text.find('.');
  if (first == std::string_view::npos) return TokenRefusal::Form;
  const std::size_t second = text.find('.', first + 1);
  if (second == std::string_view::npos) return TokenRefusal::Form;
  const auto header = codec::decode_base64url(text.substr(0, first));
  const auto claims = codec::decode_base64url(text.substr(first + 1, second - first - 1));
  auto signature = codec::decode_base64url(text.substr(second + 1));
  if (!header || !claims || !signature) return TokenRefusal::Form;
  Token token;
  TRY(token.read_header(core::as_text(*header)));
  TRY(token.read_claims(core::as_text(*claims)));
  token.signed_text_ = text.substr(0, second);
  token.signature_ = *std::move(signature);
  return token;
}

Result<void, TokenRefusal> Token::read_header(std::string_view json) {
  const auto document = codec::JsonDocument::parse(json);
  if (!document || document->root().kind() != JsonKind::Object) return TokenRefusal::Form;
  const JsonValue& root = document->root();
  // What a reader must understand or refuse [RFC7515 §4.1.11]; we understand none of it.
  if (root.find("crit") != nullptr) return TokenRefusal::Form;
  const std::string algorithm = TRY(oidc::text(root, "alg"));
  const auto found = find_algorithm(algorithm);
  if (!found) return TokenRefusal::Algorithm;
  algorithm_ = *found;
  const auto type = TRY(optional_text(root, "typ"));
  if (type && !is_bearer_type(*type)) return TokenRefusal::Form;
  key_id_ = TRY(optional_text(root, "kid"));
  return {};
}

Result<void, TokenRefusal> Token::read_claims(std::string_view json) {
  const auto document = codec::JsonDocument::parse(json);
  if (!document || document->root().kind() != JsonKind::Object) return TokenRefusal::Form;
  const JsonValue& root = document->root();
  claims_.issuer = TRY(oidc::text(root, "iss"));
  claims_.subject = TRY(oidc::text(root, "sub"));
  if (!is_subject(claims_.subject)) return TokenRefusal::Form;
  claims_.audiences = TRY(audiences_of(root));
  claims_.scopes = TRY(scopes_of(root));
  const auto expires = TRY(optional_time(root, "exp"));
  if (!expires) return TokenRefusal::Form;
  claims_.expires = *expires;
  not_before_ = TRY(optional_time(root, "nbf"));
  issued_ = TRY(optional_time(root, "iat"));
  return {};
}

Result<Claims, TokenRefusal> Token::judge(const KeySet& keys, const Expectation& expected,
                                          codec::UnixTime now) const {
  if (claims_.issuer != expected.issuer) return TokenRefusal::Issuer;
  const SigningKey* const key = keys.find(key_id_, algorithm_);
  if (key == nullptr) return TokenRefusal::Key;
  if (!key->verify(core::as_bytes(signed_text_), signature_)) return TokenRefusal::Signature;
  if (!overlap(claims_.audiences, expected.audiences)) return TokenRefusal::Audience;
  const std::int64_t leeway = expected.leeway_seconds;
  if (now.seconds >= claims_.expires.seconds + leeway) return TokenRefusal::Expired;
  for (const auto& from : {not_before_, issued_}) {
    if (from && from->seconds > now.seconds + leeway) return TokenRefusal::Early;
  }
  const bool granted = std::ranges::all_of(
      expected.scopes, [&](const std::string& each) { return claims_.has_scope(each); });
  if (!granted) return TokenRefusal::Scope;
  return claims_;
}

}  // namespace merlon::oidc
