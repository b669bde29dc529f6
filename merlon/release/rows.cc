#include "merlon/release/rows.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::release {

using database::Connection;
using database::Failure;
using database::Rows;

namespace {

constexpr std::array<std::string_view, 5> all_tables{
    "CREATE TABLE IF NOT EXISTS release_state (version BIGINT NOT NULL, sequence BIGINT NOT NULL,"
    " state TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS release_tenants (tenant TEXT PRIMARY KEY, sealed BYTEA NOT NULL)",
    "CREATE TABLE IF NOT EXISTS release_deposits (id TEXT PRIMARY KEY, tenant TEXT NOT NULL,"
    " version BIGINT NOT NULL, released BIGINT NOT NULL, earlier BIGINT NOT NULL,"
    " created BIGINT NOT NULL, changed BIGINT NOT NULL, last BIGINT NOT NULL,"
    " until BIGINT NOT NULL, removed BIGINT NOT NULL, sealed BYTEA NOT NULL)",
    "CREATE INDEX IF NOT EXISTS release_deposits_of ON release_deposits (tenant)",
    "CREATE TABLE IF NOT EXISTS release_answers (nonce TEXT PRIMARY KEY, deposit TEXT NOT NULL,"
    " at BIGINT NOT NULL)",
};

template <typename Bytes>
core::Result<Bytes> named(std::string_view hex) {
  return Bytes::from(TRY(codec::decode_hex(hex)));
}

database::Result<Row> row_of(const database::Row& found) {
  const auto id = named<DepositId>(database::text(found, 0));
  const auto tenant = named<TenantId>(database::text(found, 1));
  if (!id || !tenant) return Failure{Failure::Kind::Broken, "the store has a row of nobody's"};
  Row row{*id, *tenant, unsigned_of(found, 2), unsigned_of(found, 3), unsigned_of(found, 4)};
  row.created = {database::integer(found, 5)};
  row.changed = {database::integer(found, 6)};
  row.last = {database::integer(found, 7)};
  row.until = {database::integer(found, 8)};
  row.removed = database::integer(found, 9) != 0;
  row.sealed = database::bytes(found, 10);
  return row;
}

}  // namespace

std::span<const std::string_view> tables() noexcept { return all_tables; }

database::Result<std::optional<Row>> row_at(Connection& in, const DepositId& id) {
  const Rows rows =
      TRY(in.run("SELECT id, tenant, version, released, earlier, created, changed, last, until,"
                 " removed, sealed FROM release_deposits WHERE id = $1",
                 {base::hex(id.view())}));
  if (rows.empty()) return std::optional<Row>();
  return std::optional<Row>(TRY(row_of(rows.front())));
}

database::Result<std::vector<DepositId>> ids_of(Connection& in, const TenantId& tenant) {
  const Rows found =
      TRY(in.run("SELECT id FROM release_deposits WHERE tenant = $1 AND removed = 0"
                 " ORDER BY created DESC, id",
                 {base::hex(tenant.view())}));
  std::vector<DepositId> ids;
  for (const auto& each : found) {
    const auto id = named<DepositId>(database::text(each, 0));
    if (!id) return Failure{Failure::Kind::Broken, "the store has a row of nobody's"};
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace merlon::release
