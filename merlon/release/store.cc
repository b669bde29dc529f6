#include "merlon/release/store.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/core/check.h"
#include "merlon/crypto/random.h"
#include "merlon/release/rows.h"

namespace merlon::release {

using base::concat;
using database::Connection;
using database::Failure;
using database::Mode;
using database::Rows;

namespace {

/// The transaction is given up, and `refused` says why.
Failure no(std::optional<Refusal>& refused, Reason reason, std::string_view got) {
  refused = refuse(reason, got);
  return {Failure::Kind::Broken, "refused"};
}

DepositId new_id() {
  std::array<std::uint8_t, DepositId::size> bytes{};
  MERLON_CHECK(crypto::fill_random(bytes));
  return DepositId::from(bytes).value();
}

Place place_of(const Row& row) { return {Place::Kind::Deposit, row.tenant, row.id, row.version}; }

}  // namespace

template <typename T, typename Work>
Outcome<T> Store::read(const Work& work) {
  Refused refused;
  // From before its moment: a writer may go on meanwhile.
  const std::uint64_t least = reached_.load();
  auto done = database_.transact(Mode::Read, [&](Connection& in) -> database::Result<T> {
    refused.reset();
    TRY(sequence_of(in, least, refused));
    return work(in, refused);
  });
  if (done) return *std::move(done);
  if (refused) return *std::move(refused);
  return refuse(Reason::Store, done.error().text);
}

template <typename T, typename Work>
Outcome<T> Store::write(const Work& work) {
  const std::scoped_lock lock(mutex_);
  Refused refused;
  std::uint64_t reached = 0;
  std::optional<Ledger::Draft> draft;
  auto done = database_.transact(Mode::Write, [&](Connection& in) -> database::Result<T> {
    refused.reset();
    reached = TRY(checked_sequence(in, refused)) + 1;
    draft.emplace(ledger_);
    const Writing writing{in, *draft, refused};
    T value = TRY(work(writing));
    TRY(in.run("UPDATE release_state SET sequence = $1, state = $2",
               {number(reached), state_of(reached, draft->digest())}));
    return value;
  });
  if (!done && refused) return *std::move(refused);
  if (!done) return refuse(Reason::Store, done.error().text);
  if (draft) ledger_.adopt(*draft);
  known_ = reached;
  // Only then may anything leave: what is on no disk beside the store could be undone unnoticed.
  if (const auto raised = mark_.raise(reached); !raised) {
    return refuse(Reason::Store, raised.error());
  }
  reached_.store(reached);
  return *std::move(done);
}

core::Result<std::unique_ptr<Store>, std::string> Store::open(database::Database& database,
                                                              const Keyring& keyring, Mark mark,
                                                              Quota quota) {
  std::unique_ptr<Store> store(new Store(database, keyring, std::move(mark), quota));
  TRY(store->prepare());
  const auto sound = store->check();
  if (sound) return store;
  return concat("the release store: ", sound.error().got);
}

Outcome<void> Store::check() {
  const std::scoped_lock lock(mutex_);
  TRY(read<bool>([this](Connection& in, Refused& refused) -> database::Result<bool> {
    TRY(checked_sequence(in, refused));
    return true;
  }));
  return {};
}

core::Result<void, std::string> Store::prepare() {
  const auto made = database_.transact(Mode::Write, [&](Connection& in) -> database::Result<bool> {
    for (const std::string_view each : tables()) TRY(in.run(each, {}));
    const Rows there = TRY(in.run("SELECT version FROM release_state", {}));
    if (!there.empty()) return database::integer(there.front(), 0) == store_version;
    TRY(in.run("INSERT INTO release_state (version, sequence, state) VALUES ($1, 0, $2)",
               {store_version, state_of(0, Ledger::Draft(Ledger()).digest())}));
    return true;
  });
  if (!made) return made.error().text;
  if (!*made) return std::string("the release store is of another version than this program's");
  return {};
}

database::Result<std::uint64_t> Store::sequence_of(Connection& in, std::uint64_t least,
                                                   Refused& refused) {
  const Rows rows = TRY(in.run("SELECT sequence FROM release_state", {}));
  if (rows.size() != 1) return no(refused, Reason::RolledBack, "it has no state");
  const auto sequence = unsigned_of(rows.front(), 0);
  if (sequence >= least) return sequence;
  return no(refused, Reason::RolledBack,
            concat("it was put back: it had come to ", least, " and is at ", sequence));
}

/// Looks at all rows only where somebody else with this key has written since.
database::Result<std::uint64_t> Store::checked_sequence(Connection& in, Refused& refused) {
  const auto sequence = TRY(sequence_of(in, reached_.load(), refused));
  if (known_ != sequence) {
    ledger_ = TRY(rows_there(in, refused));
    known_ = sequence;
  }
  const Rows rows = TRY(in.run("SELECT state FROM release_state", {}));
  const Ledger::Draft unchanged(ledger_);
  if (database::text(rows.at(0), 0) == state_of(sequence, unchanged.digest())) return sequence;
  known_.reset();
  return no(refused, Reason::RolledBack,
            "it was changed by somebody else, or is another key's (--release-key)");
}

std::string Store::state_of(std::uint64_t sequence, const crypto::Sha256Digest& rows) const {
  base::ByteWriter text;
  text.u64(store_version);
  text.u64(sequence);
  text.bytes(rows.view());
  return base::hex(keyring_.mac(Keyring::Purpose::StoreState, text.take()).view());
}

database::Result<Ledger> Store::rows_there(Connection& in, Refused& refused) const {
  Ledger all;
  Ledger::Draft draft(all);
  const Rows keys = TRY(in.run("SELECT tenant, sealed FROM release_tenants", {}));
  for (const auto& each : keys) {
    const std::string& tenant = database::text(each, 0);
    const std::string name = name_of_key(tenant);
    if (draft.has(name)) return no(refused, Reason::RolledBack, "a tenant has two keys");
    draft.put(name, mac_of_key(keyring_, tenant, database::bytes(each, 1)));
  }
  auto answers = TRY(all_answers(in));
  const auto rows = TRY(all_rows(in));
  for (const Row& each : rows) {
    if (draft.has(name_of(each.id))) return no(refused, Reason::RolledBack, "a row stands twice");
    draft.put(name_of(each.id), mac_of(keyring_, each, answers[base::hex(each.id.view())]));
  }
  all.adopt(draft);
  return all;
}

database::Result<bool> Store::has_key(const Writing& writing, const TenantId& tenant) const {
  const std::string name = base::hex(tenant.view());
  const Rows there =
      TRY(writing.in.run("SELECT sealed FROM release_tenants WHERE tenant = $1", {name}));
  if (there.empty() && !writing.draft.has(name_of_key(name))) return false;
  const bool sound =
      there.size() == 1 &&
      writing.draft.holds(name_of_key(name),
                          mac_of_key(keyring_, name, database::bytes(there.front(), 0)));
  if (sound) return true;
  return no(writing.refused, Reason::RolledBack, "a tenant without his key");
}

database::Result<void> Store::make_key(const Writing& writing, const TenantId& tenant) const {
  if (TRY(has_key(writing, tenant))) return {};
  const std::string name = base::hex(tenant.view());
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::P256);
  const auto pem = key ? key->to_pem() : core::Result<crypto::SecretBytes>(key.error());
  if (!pem) return Failure{Failure::Kind::Broken, std::string(pem.error().message())};
  const auto sealed = keyring_.seal({Place::Kind::TenantKey, tenant}, pem->reveal());
  TRY(writing.in.run("INSERT INTO release_tenants (tenant, sealed) VALUES ($1, $2)",
                     {name, sealed}));
  writing.draft.put(name_of_key(name), mac_of_key(keyring_, name, sealed));
  return {};
}

Outcome<std::optional<crypto::PrivateKey>> Store::tenant_key(const TenantId& tenant) {
  using Sealed = std::optional<database::Bytes>;
  const Sealed sealed = TRY(read<Sealed>([&](Connection& in, Refused&) -> database::Result<Sealed> {
    const Rows rows = TRY(
        in.run("SELECT sealed FROM release_tenants WHERE tenant = $1", {base::hex(tenant.view())}));
    if (rows.empty()) return Sealed();
    return Sealed(database::bytes(rows.front(), 0));
  }));
  if (!sealed) return std::optional<crypto::PrivateKey>();
  const auto pem = keyring_.open({Place::Kind::TenantKey, tenant}, *sealed);
  if (!pem) return refuse(Reason::RolledBack, "a tenant's key is not his");
  auto key = crypto::PrivateKey::from_pem(pem->reveal());
  if (!key) return refuse(Reason::Internal, key.error().message());
  return std::optional<crypto::PrivateKey>(*std::move(key));
}

database::Result<std::optional<Store::Own>> Store::sound_row(const Writing& writing,
                                                             const DepositId& id) const {
  auto row = TRY(row_at(writing.in, id));
  Answers answers = TRY(answers_of(writing.in, id));
  const bool sound = row ? writing.draft.holds(name_of(id), mac_of(keyring_, *row, answers))
                         : !writing.draft.has(name_of(id));
  if (!sound) {
    return no(writing.refused, Reason::RolledBack, "a row was changed by somebody else");
  }
  if (!row) return std::optional<Own>();
  return std::optional<Own>(Own{*std::move(row), std::move(answers)});
}

/// What is over makes room, with what was answered of it: its id is never given again.
database::Result<void> Store::sweep(const Writing& writing, codec::UnixTime now) const {
  const auto over = TRY(ids_over(writing.in, now));
  for (const DepositId& id : over) {
    TRY(sound_row(writing, id));  // that it is over is the table's word so far
    const std::string name = base::hex(id.view());
    TRY(writing.in.run("DELETE FROM release_answers WHERE deposit = $1", {name}));
    TRY(writing.in.run("DELETE FROM release_deposits WHERE id = $1", {name}));
    writing.draft.drop(name_of(id));
  }
  return {};
}

database::Result<void> Store::check_room(const Writing& writing, const TenantId& tenant) const {
  const Rows all = TRY(writing.in.run("SELECT COUNT(*) FROM release_deposits", {}));
  const Rows own = TRY(writing.in.run("SELECT COUNT(*) FROM release_deposits WHERE tenant = $1",
                                      {base::hex(tenant.view())}));
  if (unsigned_of(own.at(0), 0) >= quota_.deposits_of_tenant) {
    return no(writing.refused, Reason::Quota, concat(quota_.deposits_of_tenant, " of this tenant"));
  }
  if (unsigned_of(all.at(0), 0) >= quota_.deposits) {
    return no(writing.refused, Reason::Quota, concat(quota_.deposits, " of all tenants"));
  }
  return {};
}

database::Result<void> Store::put(const Writing& writing, const Own& own) const {
  TRY(put_row(writing.in, own.row));
  writing.draft.put(name_of(own.row.id), mac_of(keyring_, own.row, own.answers));
  return {};
}

Outcome<Row> Store::add(const TenantId& tenant, const Deposit& deposit, core::ByteView document,
                        codec::UnixTime now) {
  return write<Row>([&](const Writing& writing) -> database::Result<Row> {
    TRY(sweep(writing, now));
    TRY(check_room(writing, tenant));
    TRY(make_key(writing, tenant));
    Row row{new_id(), tenant, 1};
    row.created = now;
    row.changed = now;
    row.until = deposit.until;
    row.sealed = keyring_.seal(place_of(row), document);
    TRY(put(writing, {row, {}}));
    return row;
  });
}

/// Somebody else's is not there.
database::Result<Store::Own> Store::own_row(const Writing& writing, const TenantId& tenant,
                                            const DepositId& id) const {
  auto own = TRY(sound_row(writing, id));
  if (!own || own->row.tenant != tenant) {
    return no(writing.refused, Reason::Unknown, "none of this tenant's");
  }
  if (own->row.removed) return no(writing.refused, Reason::Removed, "its tenant removed it");
  return *std::move(own);
}

Outcome<Row> Store::change(const TenantId& tenant, const DepositId& id, const Deposit& deposit,
                           core::ByteView document, codec::UnixTime now) {
  return write<Row>([&](const Writing& writing) -> database::Result<Row> {
    Own own = TRY(own_row(writing, tenant, id));
    Row& row = own.row;
    ++row.version;
    row.before = row.released;
    row.changed = now;
    row.until = deposit.until;
    row.sealed = keyring_.seal(place_of(row), document);
    TRY(put(writing, own));
    return row;
  });
}

Outcome<Row> Store::remove(const TenantId& tenant, const DepositId& id, codec::UnixTime now) {
  return write<Row>([&](const Writing& writing) -> database::Result<Row> {
    Own own = TRY(own_row(writing, tenant, id));
    Row& row = own.row;
    ++row.version;
    row.changed = now;
    row.removed = true;
    row.until = now;
    row.sealed.clear();
    TRY(put(writing, own));
    return row;
  });
}

Outcome<Deposit> Store::opened(const Row& row) const {
  const auto plain = keyring_.open(place_of(row), row.sealed);
  if (!plain) return refuse(Reason::RolledBack, "a deposit that was not sealed for its place");
  auto deposit = decode_deposit(plain->reveal());
  if (!deposit) return refuse(Reason::Internal, deposit.error().message());
  return *std::move(deposit);
}

Outcome<void> Store::each(const TenantId& tenant,
                          const std::function<Outcome<void>(const Stored&)>& take) {
  TRY(read<bool>([&](Connection& in, Refused& refused) -> database::Result<bool> {
    const auto ids = TRY(ids_of(in, tenant));
    for (const DepositId& id : ids) {
      auto row = TRY(row_at(in, id));
      if (!row || row->removed) continue;
      auto deposit = opened(*row);
      if (deposit) {
        const auto taken = take(Stored{*std::move(row), *std::move(deposit)});
        if (taken) continue;
        refused = taken.error();
      } else {
        refused = deposit.error();
      }
      return Failure{Failure::Kind::Broken, "refused"};
    }
    return true;
  }));
  return {};
}

Outcome<Stored> Store::find(const DepositId& id) {
  Row row = TRY(read<Row>([&](Connection& in, Refused& refused) -> database::Result<Row> {
    const auto found = TRY(row_at(in, id));
    if (!found) return no(refused, Reason::Unknown, "none of this id");
    if (found->removed) return no(refused, Reason::Removed, "its tenant removed it");
    return *found;
  }));
  Deposit deposit = TRY(opened(row));
  return Stored{std::move(row), std::move(deposit)};
}

Outcome<bool> Store::was_answered(const delivery::Nonce& nonce) {
  return read<bool>([&](Connection& in, Refused&) -> database::Result<bool> {
    const Rows rows = TRY(
        in.run("SELECT deposit FROM release_answers WHERE nonce = $1", {base::hex(nonce.view())}));
    return !rows.empty();
  });
}

Outcome<void> Store::count(const Row& row, std::uint32_t releases, const delivery::Nonce& nonce,
                           codec::UnixTime now) {
  TRY(write<bool>([&](const Writing& writing) -> database::Result<bool> {
    Own own = TRY(own_row(writing, row.tenant, row.id));
    Row& found = own.row;
    // What the keep was judged by was read before, and compared with nothing then.
    if (found.version != row.version || found.sealed != row.sealed) {
      return no(writing.refused, Reason::Changed, "it was changed");
    }
    if (!TRY(has_key(writing, row.tenant))) {
      return no(writing.refused, Reason::RolledBack, "a tenant without his key");
    }
    const std::string name = base::hex(nonce.view());
    // In what own_row() vouches for: the table alone may have been relieved of it.
    const auto place = std::ranges::lower_bound(own.answers, name);
    if (place != own.answers.end() && *place == name) {
      return no(writing.refused, Reason::Answered, "the answer was given");
    }
    if (found.released - found.before >= releases) {
      return no(writing.refused, Reason::Exhausted,
                concat(releases, " of ", releases, " are given"));
    }
    ++found.released;
    found.last = now;
    TRY(writing.in.run("INSERT INTO release_answers (nonce, deposit) VALUES ($1, $2)",
                       {name, base::hex(row.id.view())}));
    own.answers.insert(place, name);
    TRY(put(writing, own));
    return true;
  }));
  return {};
}

}  // namespace merlon::release
