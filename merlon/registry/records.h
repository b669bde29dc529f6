#pragma once

// What a registry is told of users, repositories and tags [ENARX drawbridge 0.4 crates/type].
// Attacker-controlled; bounded; pure.

#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/registry/directory.h"

namespace merlon::registry {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view signed_tag_type = "application/jose+json";
/// Of each of these texts.
inline constexpr std::size_t max_record_size = std::size_t{64} << 10U;

/// {"subject":"…"}: who a user is to the issuer of his tokens. Nothing else may stand there.
/// Malformed · Exhausted.
[[nodiscard]] core::Result<std::string> parse_user(std::string_view json);
[[nodiscard]] std::string user_json(std::string_view subject);

/// {"public":true}: whether all may read a repository. Nothing else may stand there.
[[nodiscard]] core::Result<bool> parse_repository(std::string_view json);
[[nodiscard]] std::string repository_json(bool is_public);

/// What a tag says of its tree's root, in either of its forms: as it is (tag_type), or as the
/// payload of a signature in JSON, general or flattened [RFC7515 §7.2] (signed_tag_type), whose
/// signatures are not judged here. Malformed · Unsupported: another type · Exhausted.
[[nodiscard]] core::Result<Meta> parse_tag(std::string_view text, std::string_view type);

}  // namespace merlon::registry
