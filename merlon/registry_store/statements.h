#pragma once

// Private to the room: tables, and what the parts of Catalogue share.

#include <string>
#include <string_view>

#include "merlon/registry_store/catalogue.h"

namespace merlon::registry_store {

/// Of the tables as they are made here.
inline constexpr std::int64_t schema_version = 1;
/// In its place while packages are brought into them from another store.
inline constexpr std::int64_t unfinished_version = -1;

/// By which a search finds what everybody may see, and looks at nothing else.
inline constexpr std::string_view public_repositories_index =
    "CREATE INDEX IF NOT EXISTS repositories_public ON repositories (public, name)";

/// A statement for each, in that database's words. Static storage.
[[nodiscard]] const std::vector<std::string>& schema(database::Dialect dialect);

[[nodiscard]] inline database::Value value(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}
[[nodiscard]] inline database::Value value(codec::UnixTime time) { return time.seconds; }
[[nodiscard]] inline database::Value value(std::string_view text) { return std::string(text); }
[[nodiscard]] database::Value value(const crypto::Sha256Digest& digest);

[[nodiscard]] inline std::uint64_t number(const database::Row& row, std::size_t column) noexcept {
  const std::int64_t value = database::integer(row, column);
  return value < 0 ? 0 : static_cast<std::uint64_t>(value);
}

/// The database says what we never wrote.
[[nodiscard]] database::Failure nonsense(std::string_view what);

/// Of the columns from `first` on: type, length, digest.
[[nodiscard]] Result<registry::Meta> meta_of(const database::Row& row, std::size_t first);
/// Of the columns from `first` on: key, object, length, pieces.
[[nodiscard]] Result<Blob> blob_of(const database::Row& row, std::size_t first);
[[nodiscard]] database::Bytes to_bytes(const std::vector<crypto::Sha256Digest>& pieces);

[[nodiscard]] Result<std::optional<Repository>> read_repository(database::Connection& in,
                                                                const std::string& name);

/// "user" of "user/repository".
[[nodiscard]] std::string_view user_of(std::string_view repository) noexcept;

}  // namespace merlon::registry_store
