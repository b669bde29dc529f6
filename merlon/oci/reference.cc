#include "merlon/oci/reference.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/workload/url.h"

namespace merlon::oci {

using base::concat;

namespace {

constexpr std::string_view scheme = "oci://";
constexpr std::string_view plain_scheme = "oci+http://";
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_tag = 128;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_small(char c) noexcept { return (c >= 'a' && c <= 'z') || is_digit(c); }

/// Letters and digits with ".", "_", "__" or any number of "-" between them.
bool is_component(std::string_view text) noexcept {
  std::size_t at = 0;
  for (;;) {
    const std::size_t begin = at;
    while (at < text.size() && is_small(text[at])) ++at;
    if (at == begin) return false;
    if (at == text.size()) return true;
    const std::size_t end = std::min(text.find_first_not_of("._-", at), text.size());
    const std::string_view between = text.substr(at, end - at);
    const bool hyphens = between.find_first_not_of('-') == std::string_view::npos;
    if (!hyphens && between != "." && between != "_" && between != "__") return false;
    if (between.empty()) return false;
    at = end;
  }
}

/// "HOST[:PORT]" as a URL has it, in small letters; empty if it is none.
std::string host_of(std::string_view text) {
  const auto parsed = workload::parse_https_url(concat("https://", text));
  if (!parsed || parsed->path != "/" || text.ends_with('/') || text.ends_with(':')) return {};
  std::string host(text);
  std::ranges::transform(host, host.begin(), base::lower);
  return host;
}

core::Unexpected<std::string> refusal(const char* text) {
  return core::Unexpected<std::string>(text);
}

/// Takes the digest off the end of `text`.
core::Result<void, std::string> take_digest(std::string_view& text, Reference& reference) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos) return {};
  constexpr std::string_view of_manifest = "@sha256:";
  constexpr std::string_view of_tree = "@sha-256=";
  const std::string_view pin = text.substr(at);
  const bool is_tree = pin.starts_with(of_tree);
  const std::string_view digits =
      pin.substr(std::min(pin.size(), is_tree ? of_tree.size() : of_manifest.size()));
  if ((!is_tree && !pin.starts_with(of_manifest)) || !is_sha256(digits)) {
    return refusal(
        "the digest behind an artifact's name is @sha256: (of its manifest) or @sha-256= (of the "
        "package's tree), and 64 hexadecimal digits in small letters");
  }
  (is_tree ? reference.tree : reference.manifest) = digits;
  text = text.substr(0, at);
  return {};
}

}  // namespace

bool is_reference(std::string_view text) noexcept {
  return text.starts_with(scheme) || text.starts_with(plain_scheme);
}

bool is_repository(std::string_view name) noexcept {
  if (name.empty() || name.size() > longest_name || name.ends_with('/')) return false;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('/'), name.size());
    if (!is_component(name.substr(0, end))) return false;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return true;
}

bool is_tag(std::string_view name) noexcept {
  const auto is_word = [](char c) { return is_small(c) || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && name.size() <= longest_tag && is_word(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_word(c) || c == '.' || c == '-'; });
}

bool is_sha256(std::string_view digits) noexcept {
  constexpr std::size_t count = 64;
  return digits.size() == count &&
         std::ranges::all_of(digits, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

core::Result<Reference, std::string> Reference::parse(std::string_view text) {
  Reference reference;
  reference.is_plain = text.starts_with(plain_scheme);
  if (!is_reference(text)) return refusal("an artifact's name begins with oci://");
  text.remove_prefix(reference.is_plain ? plain_scheme.size() : scheme.size());
  TRY(take_digest(text, reference));
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return refusal("an artifact's name is oci://HOST[:PORT]/NAME:TAG");
  }
  reference.host = host_of(text.substr(0, slash));
  if (reference.host.empty()) return refusal("a registry is HOST or HOST:PORT");
  text.remove_prefix(slash + 1);
  const std::size_t colon = text.find(':');
  if (colon != std::string_view::npos) {
    reference.tag = text.substr(colon + 1);
    if (!is_tag(reference.tag)) {
      return refusal("a tag is up to 128 letters, digits, '_', '.' and '-'");
    }
    text = text.substr(0, colon);
  }
  reference.repository = text;
  if (!is_repository(reference.repository)) {
    return refusal("a repository is small letters and digits, with '.', '_', '-' and '/' between");
  }
  if (reference.tag.empty() && reference.manifest.empty()) {
    return refusal(
        "an artifact's name ends with a tag, or a manifest's digest; there is no default");
  }
  return reference;
}

std::string Reference::tag_text() const {
  if (tag.empty()) return {};
  return concat(is_plain ? plain_scheme : scheme, host, "/", repository, ":", tag);
}

std::string Reference::bare_name() const { return concat(repository, tag.empty() ? "" : ":", tag); }

std::string Reference::text() const {
  std::string text = concat(is_plain ? plain_scheme : scheme, host, "/", bare_name());
  if (!manifest.empty()) text += concat("@sha256:", manifest);
  if (!tree.empty()) text += concat("@sha-256=", tree);
  return text;
}

std::string Reference::url() const {
  const bool hub = host == "docker.io" || host == "index.docker.io";
  return concat(is_plain ? "http://" : "https://", hub ? "registry-1.docker.io" : host);
}

}  // namespace merlon::oci
