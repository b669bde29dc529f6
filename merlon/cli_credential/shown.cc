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
        "INSERT INTO shown (key, tag) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING 1",
        {bytes_of(key.view()), bytes_of(tag.view())});
  });
  if (!added) return std::nullopt;
  return !added->empty();
}

}  // namespace merlon::cli_credential
