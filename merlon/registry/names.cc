#include "merlon/registry/names.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::registry {

using core::ErrorCode;

namespace {

constexpr std::size_t longest = 255;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_of(std::string_view name, std::string_view others) noexcept {
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [&](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

/// Digits without a zero in front.
bool is_number(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_digit) &&
         (text.size() == 1 || text[0] != '0');
}

/// Takes what stands before `separator` off the front; all of it if there is none.
std::string_view take(std::string_view& text, char separator) noexcept {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

/// Parts with dots between them, of which numbers must be without zeros in front if `strict`.
bool are_identifiers(std::string_view text, bool strict) noexcept {
  if (text.empty() || text.ends_with('.')) return false;
  while (!text.empty()) {
    const std::string_view part = take(text, '.');
    if (!is_of(part, "-")) return false;
    if (strict && std::ranges::all_of(part, is_digit) && !is_number(part)) return false;
  }
  return true;
}

/// A name or an address with perhaps a port.
bool is_host(std::string_view text) noexcept { return is_of(text, ".-:[]") && text[0] != '-'; }

bool is_digest(std::string_view text) noexcept {
  constexpr std::size_t digits = 64;
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

}  // namespace

bool is_user(std::string_view name) noexcept { return is_of(name, ""); }
bool is_repository(std::string_view name) noexcept { return is_of(name, "-"); }
bool is_entry(std::string_view name) noexcept {
  return is_of(name, "._:-") && name != "." && name != "..";
}

bool is_tag(std::string_view name) noexcept {
  if (name.size() > longest) return false;
  const std::size_t plus = name.find('+');
  if (plus != std::string_view::npos && !are_identifiers(name.substr(plus + 1), false))
    return false;
  std::string_view rest = name.substr(0, plus);
  const std::size_t hyphen = rest.find('-');
  if (hyphen != std::string_view::npos && !are_identifiers(rest.substr(hyphen + 1), true)) {
    return false;
  }
  rest = rest.substr(0, hyphen);
  if (std::ranges::count(rest, '.') != 2) return false;
  return is_number(take(rest, '.')) && is_number(take(rest, '.')) && is_number(rest);
}

core::Result<Slug> Slug::parse(std::string_view text) {
  Slug slug;
  constexpr std::string_view pin = "@sha-256=";
  const std::size_t at = text.find('@');
  if (at != std::string_view::npos) {
    const std::string_view behind = text.substr(at);
    if (!behind.starts_with(pin) || !is_digest(behind.substr(pin.size()))) {
      return malformed("the digest behind a package's name is @sha-256= and 64 hexadecimal digits");
    }
    slug.digest = behind.substr(pin.size());
    text = text.substr(0, at);
  }
  const std::size_t before_tag = text.find_last_of(":/");
  if (before_tag == std::string_view::npos || !is_tag(text.substr(before_tag + 1))) {
    return malformed("a package's name ends with a tag, a version such as :0.1.0");
  }
  slug.tag = text.substr(before_tag + 1);
  text = text.substr(0, before_tag);
  const std::size_t before_repository = text.rfind('/');
  if (before_repository == std::string_view::npos ||
      !is_repository(text.substr(before_repository + 1))) {
    return malformed("a package's name is [HOST/]USER/REPOSITORY:TAG");
  }
  slug.repository = text.substr(before_repository + 1);
  text = text.substr(0, before_repository);
  const std::size_t before_user = text.rfind('/');
  const bool has_host = before_user != std::string_view::npos;
  slug.user = has_host ? text.substr(before_user + 1) : text;
  if (!is_user(slug.user)) return malformed("a user's name is of letters and digits");
  if (!has_host) return slug;
  slug.host = text.substr(0, before_user);
  if (!is_host(slug.host)) return malformed("a registry is HOST or HOST:PORT");
  return slug;
}

std::string Slug::text() const {
  return base::concat(host, host.empty() ? "" : "/", user, "/", repository, ":", tag,
                      digest.empty() ? "" : "@sha-256=", digest);
}

}  // namespace merlon::registry
