#pragma once

// Private to the room: the tables of the store, and what their rows come to.

#include <span>
#include <string_view>

#include "merlon/release/store.h"

namespace merlon::release {

inline constexpr std::int64_t store_version = 1;
/// Seconds for which an end is still told as such.
inline constexpr std::int64_t kept_behind_end = 7 * codec::seconds_per_day;

/// Made where they are not there.
[[nodiscard]] std::span<const std::string_view> tables() noexcept;

[[nodiscard]] inline database::Value number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
[[nodiscard]] inline std::uint64_t unsigned_of(const database::Row& row, std::size_t column) {
  return static_cast<std::uint64_t>(database::integer(row, column));
}

/// Nothing: there is none. Broken: what is there is no row of ours.
[[nodiscard]] database::Result<std::optional<Row>> row_at(database::Connection& in,
                                                          const DepositId& id);
/// The newest first.
[[nodiscard]] database::Result<std::vector<DepositId>> ids_of(database::Connection& in,
                                                              const TenantId& tenant);

}  // namespace merlon::release
