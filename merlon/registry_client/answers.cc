#include "merlon/registry_client/answers.h"

#include <algorithm>
#include <limits>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"
#include "merlon/registry/names.h"

namespace merlon::registry_client {

using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t longest_text = 4096;
constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

core::Error malformed(const char* what) noexcept { return core::error(ErrorCode::Malformed, what); }

Result<JsonDocument> parse(std::string_view json, std::size_t most) {
  if (json.size() > most) {
    return core::error(ErrorCode::Exhausted, "a registry's answer is too long", json.size());
  }
  return JsonDocument::parse(json);
}

Result<std::string> text_member(const JsonValue& object, std::string_view name) {
  const std::string_view text = TRY(object.string_member(name));
  if (text.size() > longest_text) return malformed("a text that is too long");
  return std::string(text);
}

Result<std::string> optional_text(const JsonValue& object, std::string_view name) {
  return object.find(name) == nullptr ? Result<std::string>(std::string())
                                      : text_member(object, name);
}

Result<bool> boolean_member(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = TRY(object.member(name, JsonKind::Boolean));
  return value->is_true();
}

Result<Repository> repository_of(const JsonValue& value) {
  Repository repository;
  repository.name = TRY(text_member(value, "name"));
  if (!is_repository_name(repository.name)) return malformed("a name that no repository has");
  repository.is_public = TRY(boolean_member(value, "public"));
  repository.tags = TRY(value.number_member("tags", any_number));
  repository.bytes = TRY(value.number_member("bytes", any_number));
  return repository;
}

/// Of "sha-256=HEX".
Result<std::string> hex_of(std::string_view digest) {
  constexpr std::string_view kind = "sha-256=";
  constexpr std::size_t digits = 64;
  if (!digest.starts_with(kind)) return malformed("a digest by another hash");
  digest.remove_prefix(kind.size());
  const bool hex = std::ranges::all_of(
      digest, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (digest.size() != digits || !hex) return malformed("a digest that is none");
  return std::string(digest);
}

Result<Version> version_of(const JsonValue& value) {
  Version version;
  version.tag = TRY(text_member(value, "tag"));
  if (!registry::is_tag(version.tag)) return malformed("a tag that is none");
  const std::string digest = TRY(text_member(value, "digest"));
  version.digest = TRY(hex_of(digest));
  version.length = TRY(value.number_member("length", any_number));
  version.files = TRY(value.number_member("files", any_number));
  version.is_signed = TRY(boolean_member(value, "signed"));
  if (value.find("yanked") != nullptr) version.yanked = TRY(text_member(value, "yanked"));
  version.created = TRY(optional_text(value, "created"));
  return version;
}

Result<IssuedToken> token_of(const JsonValue& value) {
  IssuedToken token;
  token.id = TRY(text_member(value, "id"));
  if (!registry::is_entry(token.id)) return malformed("an id that no token has");
  token.secret = TRY(optional_text(value, "token"));
  token.expires = TRY(optional_text(value, "expires"));
  if (value.find("rights") == nullptr) return token;
  const JsonValue* const rights = TRY(value.member("rights", JsonKind::Array));
  for (const JsonValue& each : rights->items()) {
    if (each.kind() != JsonKind::String || each.text().size() > longest_text) {
      return malformed("a right that is none");
    }
    token.rights.emplace_back(each.text());
  }
  return token;
}

template <typename T>
Result<std::vector<T>> list_of(const JsonValue& root, std::string_view name,
                               Result<T> (*read)(const JsonValue&)) {
  const JsonValue* const list = TRY(root.member(name, JsonKind::Array));
  std::vector<T> items;
  items.reserve(list->items().size());
  for (const JsonValue& each : list->items()) items.push_back(TRY(read(each)));
  return items;
}

}  // namespace

bool is_repository_name(std::string_view name) noexcept {
  const std::size_t slash = name.find('/');
  return slash != std::string_view::npos && registry::is_user(name.substr(0, slash)) &&
         registry::is_repository(name.substr(slash + 1));
}

Result<TagEntry> parse_tag_entry(std::string_view type, std::string_view json) {
  registry::Meta root = TRY(registry::parse_tag(json, type));
  return TagEntry{std::move(root), type == registry::signed_tag_type};
}

Result<std::vector<std::string>> parse_tags(std::string_view json) {
  const auto document = TRY(parse(json, max_list_size));
  if (document.root().kind() != JsonKind::Array) return malformed("no list of tags");
  std::vector<std::string> tags;
  for (const JsonValue& each : document.root().items()) {
    if (!registry::is_tag(each.text())) return malformed("a tag that is none");
    tags.emplace_back(each.text());
  }
  return tags;
}

Result<Repositories> parse_repositories(std::string_view json) {
  const auto document = TRY(parse(json, max_list_size));
  Repositories page;
  page.items = TRY(list_of<Repository>(document.root(), "repositories", &repository_of));
  page.next = TRY(optional_text(document.root(), "next"));
  if (!page.next.empty() && !is_repository_name(page.next)) {
    return malformed("a name that no repository has");
  }
  return page;
}

Result<std::vector<Version>> parse_versions(std::string_view json) {
  const auto document = TRY(parse(json, max_list_size));
  return list_of<Version>(document.root(), "versions", &version_of);
}

Result<IssuedToken> parse_issued_token(std::string_view json) {
  const auto document = TRY(parse(json, max_tag_size));
  auto token = TRY(token_of(document.root()));
  if (token.secret.empty()) return malformed("no token");
  return token;
}

Result<std::vector<IssuedToken>> parse_token_list(std::string_view json) {
  const auto document = TRY(parse(json, max_list_size));
  return list_of<IssuedToken>(document.root(), "tokens", &token_of);
}

Result<std::string> parse_user(std::string_view json) {
  const auto document = TRY(parse(json, max_tag_size));
  return text_member(document.root(), "subject");
}

Result<bool> parse_repository(std::string_view json) {
  const auto document = TRY(parse(json, max_tag_size));
  return boolean_member(document.root(), "public");
}

}  // namespace merlon::registry_client
