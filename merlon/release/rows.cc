#include "merlon/release/rows.h"

#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::release {

using database::Connection;
using database::Failure;
using database::Rows;

namespace {

constexpr std::array<std::string_view, 6> all_tables{
    "CREATE TABLE IF NOT EXISTS release_state (version BIGINT NOT NULL, sequence BIGINT NOT NULL,"
    " state TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS release_tenants (tenant TEXT PRIMARY KEY, sealed BYTEA NOT NULL)",
    "CREATE TABLE IF NOT EXISTS release_deposits (id TEXT PRIMARY KEY, tenant TEXT NOT NULL,"
    " version BIGINT NOT NULL, released BIGINT NOT NULL, earlier BIGINT NOT NULL,"
    " created BIGINT NOT NULL, changed BIGINT NOT NULL, last BIGINT NOT NULL,"
    " until BIGINT NOT NULL, removed BIGINT NOT NULL, sealed BYTEA NOT NULL)",
    "CREATE INDEX IF NOT EXISTS release_deposits_of ON release_deposits (tenant)",
    "CREATE TABLE IF NOT EXISTS release_answers (nonce TEXT PRIMARY KEY, deposit TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS release_answers_of ON release_answers (deposit)",
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
  if (found.size() > 10) row.sealed = database::bytes(found, 10);
  return row;
}

database::Result<std::vector<DepositId>> ids_in(const Rows& found) {
  std::vector<DepositId> ids;
  for (const auto& each : found) {
    const auto id = named<DepositId>(database::text(each, 0));
    if (!id) return Failure{Failure::Kind::Broken, "the store has a row of nobody's"};
    ids.push_back(*id);
  }
  return ids;
}

Ledger::Mac mac_of_text(const Keyring& keyring, base::ByteWriter& text) {
  return keyring.mac(Keyring::Purpose::StoreRow, text.take());
}

void put(base::ByteWriter& out, core::ByteView bytes) {
  out.u64(bytes.size());
  out.bytes(bytes);
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

database::Result<void> put_row(Connection& in, const Row& row) {
  TRY(
      in.run("INSERT INTO release_deposits (id, tenant, version, released, earlier, created,"
             " changed, last, until, removed, sealed)"
             " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
             " ON CONFLICT (id) DO UPDATE SET version = $3, released = $4, earlier = $5,"
             " changed = $7, last = $8, until = $9, removed = $10, sealed = $11",
             {base::hex(row.id.view()), base::hex(row.tenant.view()), number(row.version),
              number(row.released), number(row.before), row.created.seconds, row.changed.seconds,
              row.last.seconds, row.until.seconds, number(row.removed ? 1U : 0U), row.sealed}));
  return {};
}

database::Result<std::vector<Row>> all_rows(Connection& in) {
  const Rows found =
      TRY(in.run("SELECT id, tenant, version, released, earlier, created, changed, last, until,"
                 " removed FROM release_deposits",
                 {}));
  std::vector<Row> rows;
  for (const auto& each : found) rows.push_back(TRY(row_of(each)));
  return rows;
}

database::Result<std::vector<DepositId>> ids_of(Connection& in, const TenantId& tenant) {
  return ids_in(
      TRY(in.run("SELECT id FROM release_deposits WHERE tenant = $1 AND removed = 0"
                 " ORDER BY created DESC, id",
                 {base::hex(tenant.view())})));
}

database::Result<std::vector<DepositId>> ids_over(Connection& in, codec::UnixTime now) {
  return ids_in(TRY(in.run("SELECT id FROM release_deposits WHERE until + $2 < $1",
                           {now.seconds, kept_behind_end})));
}

std::string name_of(const DepositId& id) { return "deposit " + base::hex(id.view()); }

Ledger::Mac mac_of(const Keyring& keyring, const Row& row) {
  base::ByteWriter text;
  text.text("deposit");
  text.bytes(row.id.view());
  text.bytes(row.tenant.view());
  text.u64(row.version);
  text.u64(row.released);
  text.u64(row.before);
  text.u64(static_cast<std::uint64_t>(row.until.seconds));
  text.u8(row.removed ? 1 : 0);
  return mac_of_text(keyring, text);
}

std::string name_of_key(const std::string& tenant) { return "tenant " + tenant; }

Ledger::Mac mac_of_key(const Keyring& keyring, const std::string& tenant, core::ByteView sealed) {
  base::ByteWriter text;
  text.text("tenants");
  put(text, core::as_bytes(tenant));
  put(text, sealed);
  return mac_of_text(keyring, text);
}

Ledger::Mac mac_of_answer(const Keyring& keyring, const std::string& nonce,
                          const std::string& deposit) {
  base::ByteWriter text;
  text.text("answers");
  put(text, core::as_bytes(nonce));
  put(text, core::as_bytes(deposit));
  return mac_of_text(keyring, text);
}

}  // namespace merlon::release
