#include "merlon/oidc/login.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"
#include "merlon/codec/percent.h"

namespace merlon::oidc {

using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t longest_url = 2048;
constexpr std::size_t longest_token = std::size_t{16} << 10U;
constexpr std::size_t longest_code = 512;
constexpr std::size_t longest_query = 8192;

core::Error malformed(const char* what) noexcept { return core::error(ErrorCode::Malformed, what); }

Result<JsonDocument> parse(std::string_view json) {
  if (json.size() > max_login_answer) {
    return core::error(ErrorCode::Exhausted, "an issuer's answer is too long", json.size());
  }
  return JsonDocument::parse(json);
}

bool shows(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

/// Characters of ASCII that show, 1 to `most` of them.
Result<std::string> word_member(const JsonValue& object, std::string_view name, std::size_t most) {
  const std::string_view text = TRY(object.string_member(name));
  if (text.empty() || text.size() > most || !shows(text))
    return malformed("a text that is no word");
  return std::string(text);
}

/// Empty if it is not there.
Result<std::string> optional_word(const JsonValue& object, std::string_view name,
                                  std::size_t most) {
  if (object.find(name) == nullptr) return std::string();
  return word_member(object, name, most);
}

std::string_view without_slash(std::string_view url) noexcept {
  return url.ends_with('/') ? url.substr(0, url.size() - 1) : url;
}

std::string* part_of(Redirection& redirection, std::string_view name) noexcept {
  if (name == "code") return &redirection.code;
  if (name == "state") return &redirection.state;
  if (name == "iss") return &redirection.issuer;
  return name == "error" ? &redirection.error : nullptr;
}

}  // namespace

Result<Endpoints> parse_endpoints(std::string_view json, std::string_view issuer) {
  const auto document = TRY(parse(json));
  const JsonValue& root = document.root();
  const std::string_view named = TRY(root.string_member("issuer"));
  if (without_slash(named) != without_slash(issuer)) {
    return core::error(ErrorCode::Denied, "the document is another issuer's");
  }
  Endpoints endpoints;
  endpoints.token = TRY(word_member(root, "token_endpoint", longest_url));
  endpoints.authorization = TRY(optional_word(root, "authorization_endpoint", longest_url));
  endpoints.device = TRY(optional_word(root, "device_authorization_endpoint", longest_url));
  endpoints.userinfo = TRY(optional_word(root, "userinfo_endpoint", longest_url));
  return endpoints;
}

Result<TokenAnswer> parse_token_answer(std::string_view json) {
  const auto document = TRY(parse(json));
  const JsonValue& root = document.root();
  TokenAnswer answer;
  answer.access_token = TRY(word_member(root, "access_token", longest_token));
  const std::string_view type = TRY(root.string_member("token_type"));
  if (!base::equal_ignoring_case(type, "bearer")) return malformed("a token that is no bearer's");
  answer.refresh_token = TRY(optional_word(root, "refresh_token", longest_token));
  if (root.find("expires_in") != nullptr) {
    constexpr std::uint64_t most = 100ULL * 365 * 86'400;
    answer.expires_in = TRY(root.number_member("expires_in", most));
  }
  return answer;
}

Result<DeviceAnswer> parse_device_answer(std::string_view json) {
  constexpr std::uint64_t hour = 3600;
  constexpr std::uint64_t longest_interval = 60;
  const auto document = TRY(parse(json));
  const JsonValue& root = document.root();
  DeviceAnswer answer;
  answer.device_code = TRY(word_member(root, "device_code", longest_token));
  const std::string_view user_code = TRY(root.string_member("user_code"));
  if (user_code.empty() || user_code.size() > longest_code) return malformed("no code for people");
  answer.user_code = user_code;
  answer.verification_uri = TRY(word_member(root, "verification_uri", longest_url));
  answer.complete_uri = TRY(optional_word(root, "verification_uri_complete", longest_url));
  answer.expires_in = std::min(TRY(root.number_member("expires_in", UINT64_MAX)), hour);
  if (root.find("interval") != nullptr) {
    const auto interval = TRY(root.number_member("interval", UINT64_MAX));
    answer.interval = std::clamp<std::uint64_t>(interval, 1, longest_interval);
  }
  return answer;
}

Result<std::string> parse_login_refusal(std::string_view json) {
  const auto document = TRY(parse(json));
  return word_member(document.root(), "error", longest_code);
}

Result<std::string> parse_subject(std::string_view json) {
  constexpr std::size_t longest_subject = 255;
  const auto document = TRY(parse(json));
  return word_member(document.root(), "sub", longest_subject);
}

Result<std::string> subject_claimed_by(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.size() > longest_token) {
    return malformed("a token that says nothing");
  }
  const auto claims = TRY(codec::decode_base64url(token.substr(first + 1, second - first - 1)));
  return parse_subject(core::as_text(claims));
}

Result<Redirection> parse_redirection(std::string_view query) {
  if (query.size() > longest_query) {
    return core::error(ErrorCode::Exhausted, "a redirection that is too long", query.size());
  }
  Redirection redirection;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    std::string* const place = part_of(redirection, part.substr(0, equals));
    if (place == nullptr) continue;
    std::string value(part.substr(equals + 1));
    std::ranges::replace(value, '+', ' ');
    value = codec::decode_percent(value);
    if (!place->empty() || !shows(value)) return malformed("a redirection that is none");
    *place = std::move(value);
  }
  if (redirection.code.empty() == redirection.error.empty()) {
    return malformed("a redirection without a code");
  }
  return redirection;
}

}  // namespace merlon::oidc
