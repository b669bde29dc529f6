#include "merlon/cli_credential/shown.h"

#include "merlon/base/text.h"
#include "merlon/database/sqlite.h"

namespace merlon::cli_credential {

using database::Connection;
using database::Mode;
using database::Rows;

namespace {

database::Bytes bytes_of(core::ByteView view) { return {view.begin(), view.end()}; }

}  // namespace

core::Result<std::unique_ptr<Shown>, std::string> Shown::open(const std::string& path) {
  std::unique_ptr<Shown> made(new Shown([path] { return database::connect_sqlite(path); }));
  const auto ready = made->database_.transact(Mode::Write, [](Connection& connection) {
    const auto made_keys = connection.run(
        "CREATE TABLE IF NOT EXISTS ends (key BLOB PRIMARY KEY, at INTEGER NOT NULL) "
        "WITHOUT ROWID",
        {});
    if (!made_keys) return made_keys;
    const auto made_gone =
        connection.run("CREATE TABLE IF NOT EXISTS gone (key BLOB PRIMARY KEY) WITHOUT ROWID", {});
    if (!made_gone) return made_gone;
    return connection.run(
        "CREATE TABLE IF NOT EXISTS shown (key BLOB NOT NULL, tag BLOB NOT NULL, "
        "PRIMARY KEY (key, tag)) WITHOUT ROWID",
        {});
  });
  if (!ready) return base::concat(base::printable(path), ": ", ready.error().text);
  return made;
}

std::optional<bool> Shown::remember(const credential::KeyId& key, const credential::Tag& tag) {
  const auto added = database_.transact(Mode::Write, [&](Connection& connection) {
    return connection.run(
        "INSERT INTO shown (key, tag) SELECT $1, $2 WHERE NOT EXISTS"
        " (SELECT 1 FROM gone WHERE key = $1) ON CONFLICT DO NOTHING RETURNING 1",
        {bytes_of(key.view()), bytes_of(tag.view())});
  });
  if (!added) return std::nullopt;
  return !added->empty();
}

void Shown::tidy(const Ends& ends, codec::UnixTime now) {
  const auto noted = database_.transact(Mode::Write, [&](Connection& connection) {
    for (const auto& [key, at] : ends) {
      auto done =
          connection.run("INSERT INTO ends (key, at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                         {bytes_of(key.view()), at.seconds});
      if (!done) return done;
    }
    return database::Result<Rows>(Rows());
  });
  while (noted && forget_some({now.seconds - grace})) {
  }
}

bool Shown::forget_some(codec::UnixTime before) {
  const auto done = database_.transact(Mode::Write, [&](Connection& connection) {
    auto noted = connection.run(
        "INSERT INTO gone (key) SELECT key FROM ends WHERE at <= $1 ON CONFLICT DO NOTHING",
        {before.seconds});
    if (!noted) return noted;
    auto removed = connection.run(
        "DELETE FROM shown WHERE (key, tag) IN (SELECT shown.key, tag FROM shown JOIN ends ON "
        "ends.key = shown.key WHERE at <= $1 LIMIT 4096) RETURNING 1",
        {before.seconds});
    if (!removed || !removed->empty()) return removed;
    return connection.run("DELETE FROM ends WHERE at <= $1 RETURNING 1", {before.seconds});
  });
  return done && !done->empty();
}

}  // namespace merlon::cli_credential
