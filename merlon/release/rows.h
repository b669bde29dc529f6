#pragma once

// Private to the room: the tables of the store, and what their rows come to.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/release/store.h"

namespace merlon::release {

inline constexpr std::int64_t store_version = 2;
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
/// In the place of the one of this id, if there is one.
[[nodiscard]] database::Result<void> put_row(database::Connection& in, const Row& row);
/// All that there are, with no more of what is sealed than mac_of() needs.
[[nodiscard]] database::Result<std::vector<Row>> all_rows(database::Connection& in);
/// Nonces of a deposit's that were answered, in hexadecimal, in their order; one that stands there
/// twice is in it twice.
using Answers = std::vector<std::string>;
[[nodiscard]] database::Result<Answers> answers_of(database::Connection& in, const DepositId& id);
/// Of all deposits, by their ids in hexadecimal.
[[nodiscard]] database::Result<std::map<std::string, Answers>> all_answers(
    database::Connection& in);
/// Of a tenant's that were not removed, the newest first.
[[nodiscard]] database::Result<std::vector<DepositId>> ids_of(database::Connection& in,
                                                              const TenantId& tenant);
/// Of those whose end need not be told any more.
[[nodiscard]] database::Result<std::vector<DepositId>> ids_over(database::Connection& in,
                                                                codec::UnixTime now);

/// How a ledger calls a row, and what only this broker can say of it and of all that was answered
/// of it. What is sealed stands in it with the nonce and the tag of its seal, which is good for
/// this text and this place alone.
[[nodiscard]] std::string name_of(const DepositId& id);
[[nodiscard]] Ledger::Mac mac_of(const Keyring& keyring, const Row& row, const Answers& answers);
[[nodiscard]] std::string name_of_key(const std::string& tenant);
[[nodiscard]] Ledger::Mac mac_of_key(const Keyring& keyring, const std::string& tenant,
                                     core::ByteView sealed);

}  // namespace merlon::release
