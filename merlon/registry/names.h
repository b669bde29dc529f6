#pragma once

// What things in a registry are called [ENARX drawbridge 0.4, crates/type]. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::registry {

/// Of a user: letters and digits.
[[nodiscard]] bool is_user(std::string_view name) noexcept;
/// Letters, digits and "-".
[[nodiscard]] bool is_repository(std::string_view name) noexcept;
/// A version as Semantic Versioning 2.0.0 has it.
[[nodiscard]] bool is_tag(std::string_view name) noexcept;
/// Of a file or directory in a tree: letters, digits, ".", "_", ":" and "-", and neither "." nor
/// "..", which Enarx takes too.
[[nodiscard]] bool is_entry(std::string_view name) noexcept;

/// Where a package lies: `host/user/repository:tag`, perhaps with the digest that its tree must
/// have: `…@sha-256=<64 hexadecimal digits>`.
struct Slug {
  std::string host;  ///< with its port, if that is named; empty if none was
  std::string user;
  std::string repository;
  std::string tag;
  std::string digest;  ///< hexadecimal SHA-256; empty: whatever is there

  /// Between repository and tag "/" does as well, as Enarx has it. Malformed, each with its reason.
  [[nodiscard]] static core::Result<Slug> parse(std::string_view text);
  /// As parse() takes it.
  [[nodiscard]] std::string text() const;
  bool operator==(const Slug&) const = default;
};

}  // namespace merlon::registry
