// What keeps a registry clean and whole.

#include "merlon/base/text.h"
#include "merlon/registry_store/catalogue.h"
#include "merlon/registry_store/statements.h"

namespace merlon::registry_store {

using base::concat;
using database::Connection;
using database::Mode;
using database::Row;
using database::Rows;

namespace {

constexpr std::string_view blob_columns = "SELECT key, object, length, pieces FROM blobs WHERE ";

std::vector<ObjectName> names_of(const Rows& rows) {
  std::vector<ObjectName> names;
  for (const Row& row : rows) names.push_back(database::text(row, 0));
  return names;
}

}  // namespace

Result<std::optional<Blob>> Catalogue::blob(const BlobKey& key) {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<std::optional<Blob>> {
    static const std::string statement = concat(blob_columns, "key = $1");
    const Rows rows = TRY(in.run(statement, {value(key)}));
    if (rows.empty()) return std::optional<Blob>();
    Blob blob = TRY(blob_of(rows.front(), 0));
    return std::optional<Blob>(std::move(blob));
  });
}

Result<std::vector<Blob>> Catalogue::blobs(const std::string& after, std::uint64_t limit) {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<std::vector<Blob>> {
    static const std::string statement = concat(blob_columns, "key > $1 ORDER BY key LIMIT $2");
    std::vector<Blob> found;
    for (const Row& row : TRY(in.run(statement, {after, value(limit)}))) {
      found.push_back(TRY(blob_of(row, 0)));
    }
    return found;
  });
}

Result<std::vector<ObjectName>> Catalogue::take_unused(std::uint64_t limit) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<std::vector<ObjectName>> {
    return names_of(
        TRY(in.run("DELETE FROM blobs WHERE key IN (SELECT b.key FROM blobs b WHERE NOT EXISTS"
                   " (SELECT 1 FROM nodes n WHERE n.key = b.key) LIMIT $1) RETURNING object",
                   {value(limit)})));
  });
}

Result<std::vector<ObjectName>> Catalogue::drop_uploads(codec::UnixTime before) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<std::vector<ObjectName>> {
    return names_of(
        TRY(in.run("DELETE FROM uploads WHERE touched < $1 RETURNING object", {value(before)})));
  });
}

Result<bool> Catalogue::is_known(const ObjectName& object) {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<bool> {
    const Rows rows = TRY(in.run(
        "SELECT 1 FROM uploads WHERE object = $1 UNION ALL SELECT 1 FROM blobs WHERE object = $1",
        {object}));
    return !rows.empty();
  });
}

Result<std::vector<Place>> Catalogue::places_of(const BlobKey& key) {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<std::vector<Place>> {
    std::vector<Place> places;
    for (const Row& row : TRY(in.run("SELECT repository, tag, path FROM nodes WHERE key = $1"
                                     " ORDER BY repository, tag, path LIMIT 1000",
                                     {value(key)}))) {
      places.push_back({database::text(row, 0), database::text(row, 1), database::text(row, 2)});
    }
    return places;
  });
}

Result<bool> Catalogue::expect_again(const Blob& lost) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<bool> {
    const database::Value key = value(lost.key);
    const Rows gone = TRY(in.run("DELETE FROM blobs WHERE key = $1 AND object = $2 RETURNING key",
                                 {key, lost.object}));
    if (gone.empty()) return false;
    TRY(
        in.run("UPDATE tags SET state = 0, missing = missing + (SELECT COUNT(*) FROM nodes n"
               " WHERE n.repository = tags.repository AND n.tag = tags.name AND n.key = $1)"
               " WHERE state < 2 AND EXISTS (SELECT 1 FROM nodes n"
               " WHERE n.repository = tags.repository AND n.tag = tags.name AND n.key = $1)",
               {key}));
    TRY(in.run("UPDATE nodes SET key = NULL WHERE key = $1", {key}));
    return true;
  });
}

Result<std::vector<std::string>> Catalogue::contradictions() {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<std::vector<std::string>> {
    std::vector<std::string> lines;
    for (const Row& row :
         TRY(in.run("SELECT n.repository, n.tag, n.path FROM nodes n"
                    " LEFT JOIN blobs b ON b.key = n.key"
                    " JOIN tags t ON t.repository = n.repository AND t.name = n.tag"
                    " WHERE b.key IS NULL AND (n.key IS NOT NULL OR t.state = 1) LIMIT 1000",
                    {}))) {
      lines.push_back(concat(database::text(row, 0), ":", database::text(row, 1), " /",
                             database::text(row, 2), ": its content is not known"));
    }
    for (const Row& row :
         TRY(in.run("SELECT t.repository, t.name FROM tags t WHERE t.state < 2 AND t.missing <>"
                    " (SELECT COUNT(*) FROM nodes n WHERE n.repository = t.repository"
                    "  AND n.tag = t.name AND n.key IS NULL) LIMIT 1000",
                    {}))) {
      lines.push_back(concat(database::text(row, 0), ":", database::text(row, 1),
                             ": its count of nodes is wrong"));
    }
    return lines;
  });
}

Result<void> Catalogue::ready() {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<void> {
    TRY(in.run("SELECT number FROM version", {}));
    return {};
  });
}

Result<Catalogue::Counts> Catalogue::counts() {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<Counts> {
    const Rows rows =
        TRY(in.run("SELECT (SELECT COUNT(*) FROM users), (SELECT COUNT(*) FROM repositories),"
                   " (SELECT COUNT(*) FROM tags WHERE state = 1), (SELECT COUNT(*) FROM blobs),"
                   " (SELECT CAST(COALESCE(SUM(length), 0) AS BIGINT) FROM blobs),"
                   " (SELECT COUNT(*) FROM uploads)",
                   {}));
    const Row& row = rows.at(0);
    return Counts{number(row, 0), number(row, 1), number(row, 2),
                  number(row, 3), number(row, 4), number(row, 5)};
  });
}

}  // namespace merlon::registry_store
