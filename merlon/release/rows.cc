#include "merlon/release/rows.h"

#include <algorithm>
#include <array>
#include <utility>

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
  if (rows.size() > 1) return Failure{Failure::Kind::Broken, "the store has a row twice"};
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
                 " removed, substr(sealed, 1, 12), substr(sealed, length(sealed) - 15, 16)"
                 " FROM release_deposits",
                 {}));
  static_assert(crypto::gcm_nonce_size == 12 && crypto::gcm_tag_size == 16);
  std::vector<Row> rows;
  for (const auto& each : found) {
    Row row = TRY(row_of(each));
    const auto& tag = database::bytes(each, 11);
    row.sealed.insert(row.sealed.end(), tag.begin(), tag.end());
    rows.push_back(std::move(row));
  }
  return rows;
}

database::Result<Answers> answers_of(Connection& in, const DepositId& id) {
  const Rows found =
      TRY(in.run("SELECT nonce FROM release_answers WHERE deposit = $1", {base::hex(id.view())}));
  Answers answers;
  for (const auto& each : found) answers.push_back(database::text(each, 0));
  std::ranges::sort(answers);
  return answers;
}

database::Result<std::map<std::string, Answers>> all_answers(Connection& in) {
  std::map<std::string, Answers> all;
  const Rows found = TRY(in.run("SELECT deposit, nonce FROM release_answers", {}));
  for (const auto& each : found) all[database::text(each, 0)].push_back(database::text(each, 1));
  for (auto& [deposit, answers] : all) std::ranges::sort(answers);
  return all;
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

Ledger::Mac mac_of(const Keyring& keyring, const Row& row, const Answers& answers) {
  base::ByteWriter text;
  text.text("release_deposits");
  text.bytes(row.id.view());
  text.bytes(row.tenant.view());
  for (const std::uint64_t each : {row.version, row.released, row.before}) text.u64(each);
  for (const codec::UnixTime each : {row.created, row.changed, row.last, row.until}) {
    text.u64(static_cast<std::uint64_t>(each.seconds));
  }
  text.u8(row.removed ? 1 : 0);
  const core::ByteView sealed(row.sealed);
  constexpr std::size_t ends = crypto::gcm_nonce_size + crypto::gcm_tag_size;
  put(text, sealed.first(std::min(sealed.size(), crypto::gcm_nonce_size)));
  put(text, sealed.size() < ends ? sealed : sealed.last(crypto::gcm_tag_size));
  text.u64(answers.size());
  for (const std::string& each : answers) put(text, core::as_bytes(each));
  return mac_of_text(keyring, text);
}

std::string name_of_key(const std::string& tenant) { return "tenant " + tenant; }

Ledger::Mac mac_of_key(const Keyring& keyring, const std::string& tenant, core::ByteView sealed) {
  base::ByteWriter text;
  text.text("release_tenants");
  put(text, core::as_bytes(tenant));
  put(text, sealed);
  return mac_of_text(keyring, text);
}

}  // namespace merlon::release
