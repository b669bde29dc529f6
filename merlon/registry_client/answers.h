#pragma once

// What registries answer, read: tag entries, lists, tokens [ENARX drawbridge 0.4;
// docs/drawbridge.md]. Attacker-controlled, bounded, judged once. Errors: Malformed · Exhausted.
// Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/registry/records.h"

namespace merlon::registry_client {

inline constexpr std::size_t max_tag_size = registry::max_record_size;
inline constexpr std::size_t max_list_size = std::size_t{4} << 20U;

/// What a tag says of its tree.
struct TagEntry {
  registry::Meta root;
  bool is_signed = false;  ///< by whom, and whether it holds, is not judged
  bool operator==(const TagEntry&) const = default;
};
/// An entry in JSON, or the JWS that carries it [RFC7515 §7.2], by its media type. Unsupported:
/// another type.
[[nodiscard]] core::Result<TagEntry> parse_tag_entry(std::string_view type, std::string_view json);

/// ["1.0.0",…]
[[nodiscard]] core::Result<std::vector<std::string>> parse_tags(std::string_view json);

struct Repository {
  std::string name;  ///< "USER/REPO"
  bool is_public = false;
  std::uint64_t tags = 0;
  std::uint64_t bytes = 0;
};
struct Repositories {
  std::vector<Repository> items;
  std::string next;  ///< behind which the next page begins; empty: there is none
};
[[nodiscard]] core::Result<Repositories> parse_repositories(std::string_view json);

struct Version {
  std::string tag;
  std::string digest;  ///< hexadecimal SHA-256 of the tree's root
  std::uint64_t length = 0;
  std::uint64_t files = 0;
  bool is_signed = false;
  std::optional<std::string> yanked;  ///< why
  std::string created;                ///< RFC 3339, as the registry says it
};
[[nodiscard]] core::Result<std::vector<Version>> parse_versions(std::string_view json);

struct IssuedToken {
  std::string id;
  std::string secret;  ///< empty where tokens are listed
  std::string expires;
  std::vector<std::string> rights;
};
[[nodiscard]] core::Result<IssuedToken> parse_issued_token(std::string_view json);
[[nodiscard]] core::Result<std::vector<IssuedToken>> parse_token_list(std::string_view json);

/// {"subject":"…"}
[[nodiscard]] core::Result<std::string> parse_user(std::string_view json);
/// {"public":true}
[[nodiscard]] core::Result<bool> parse_repository(std::string_view json);

/// Whether `name` is "USER/REPO".
[[nodiscard]] bool is_repository_name(std::string_view name) noexcept;

}  // namespace merlon::registry_client
