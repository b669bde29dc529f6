#include "merlon/registry_store/migration.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "merlon/base/text.h"
#include "merlon/registry_store/statements.h"

namespace merlon::registry_store {

using base::concat;
using database::Connection;
using database::Failure;
using database::Mode;
using database::Row;
using database::Rows;
using database::Value;

namespace {

constexpr std::uint64_t page_size = 200;
constexpr int most_passes = 20;

/// A table whose first column is its key, and the statements that go through it and change it.
struct Table {
  std::string page;    ///< behind $1, $2 of them
  std::string range;   ///< behind $1, up to $2
  std::string rest;    ///< behind $1
  std::string put;     ///< all columns
  std::string remove;  ///< $1
};

Table table_of(std::string_view name, const std::vector<std::string_view>& columns) {
  std::string list;
  std::string places;
  std::string changes;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    list += concat(i == 0 ? "" : ", ", columns[i]);
    places += concat(i == 0 ? "$" : ", $", i + 1);
    if (i > 0) changes += concat(i == 1 ? "" : ", ", columns[i], " = excluded.", columns[i]);
  }
  const std::string select =
      concat("SELECT ", list, " FROM ", name, " WHERE ", columns[0], " > $1");
  return {concat(select, " ORDER BY ", columns[0], " LIMIT $2"),
          concat(select, " AND ", columns[0], " <= $2"), select,
          concat("INSERT INTO ", name, " (", list, ") VALUES (", places, ") ON CONFLICT (",
                 columns[0], ") DO UPDATE SET ", changes),
          concat("DELETE FROM ", name, " WHERE ", columns[0], " = $1")};
}

/// Statements live as long as the program: connections keep them by their address.
const std::vector<Table>& tables() {
  static const std::vector<Table> all{
      table_of("users", {"name", "skeleton", "issuer", "subject", "record", "created"}),
      table_of("repositories",
               {"name", "owner", "skeleton", "public", "record", "admission", "created"}),
      table_of("tokens", {"id", "repository", "hash", "reads", "writes", "expires"})};
  return all;
}

constexpr std::string_view tag_page =
    "SELECT repository, name, owner, state, record, type, digest, bytes, nodes, missing, yanked,"
    " created FROM tags WHERE (repository, name) > ($1, $2) AND state > 0"
    " ORDER BY repository, name LIMIT $3";
constexpr std::string_view tag_range =
    "SELECT repository, name, owner, state, record, type, digest, bytes, nodes, missing, yanked,"
    " created FROM tags WHERE (repository, name) > ($1, $2) AND (repository, name) <= ($3, $4)"
    " AND state > 0";
constexpr std::string_view tag_rest =
    "SELECT repository, name, owner, state, record, type, digest, bytes, nodes, missing, yanked,"
    " created FROM tags WHERE (repository, name) > ($1, $2) AND state > 0";
constexpr std::size_t state_column = 3;
constexpr std::size_t missing_column = 9;
constexpr std::size_t key_column = 6;  // of a node

Result<Rows> read(database::Database& from, std::string_view statement,
                  const std::vector<Value>& values) {
  return from.transact(Mode::Read, [&](Connection& in) { return in.run(statement, values); });
}

std::map<Row, Row> by_key(const Rows& rows, std::size_t columns) {
  std::map<Row, Row> found;
  for (const Row& each : rows) {
    found.emplace(Row(each.begin(), each.begin() + static_cast<std::ptrdiff_t>(columns)), each);
  }
  return found;
}

/// Those of `now` that are not so in `there`, and those of `there` that are no more.
struct Difference {
  Rows put;
  Rows removed;
};
Difference difference(const Rows& now, const Rows& there, std::size_t keys) {
  Difference found;
  auto old = by_key(there, keys);
  for (const Row& each : now) {
    const auto same = old.find(Row(each.begin(), each.begin() + static_cast<std::ptrdiff_t>(keys)));
    if (same == old.end() || same->second != each) found.put.push_back(each);
    if (same != old.end()) old.erase(same);
  }
  for (auto& [key, row] : old) found.removed.push_back(key);
  return found;
}

}  // namespace

/// A tag with its nodes, as rows.
struct Migration::TagRow {
  Row tag;
  Rows nodes;
};

Result<Migrated> Migration::run(bool last) {
  done_ = {};
  last_ = last;
  TRY(prepare());
  for (int i = 0; i < most_passes; ++i) {
    const std::size_t lost = done_.lost.size();
    std::uint64_t changed = TRY(pass_tables());
    changed += TRY(pass_tags());
    // What is lost is looked for again in each pass, and found again.
    const bool nothing_new = changed == 0 || (i > 0 && changed == done_.lost.size() - lost);
    if (nothing_new) break;
  }
  std::ranges::sort(done_.lost);
  const auto twice = std::ranges::unique(done_.lost);
  done_.lost.erase(twice.begin(), twice.end());
  if (last) {
    TRY(to_.database.transact(Mode::Write, [](Connection& in) {
      return in.run("UPDATE version SET number = $1", {schema_version});
    }));
  }
  return done_;
}

Result<void> Migration::prepare() {
  TRY(Catalogue::open(from_.database, {}));
  const auto mark = [](Connection& in) -> Result<void> {
    const Rows version = TRY(in.run("SELECT number FROM version", {}));
    if (!version.empty() && database::integer(version[0], 0) == unfinished_version) return {};
    const Rows any = TRY(in.run("SELECT 1 FROM users UNION ALL SELECT 1 FROM blobs LIMIT 1", {}));
    if (version.empty() || database::integer(version[0], 0) != schema_version || !any.empty()) {
      return Failure{Failure::Kind::Broken,
                     "there are packages in the new store that no migration has brought"};
    }
    TRY(in.run("UPDATE version SET number = $1", {unfinished_version}));
    return {};
  };
  auto marked = to_.database.transact(Mode::Write, mark);
  if (marked || marked.error().text.starts_with("there are")) return marked;
  TRY(Catalogue::open(to_.database, {}));  // makes its tables
  return to_.database.transact(Mode::Write, mark);
}

Result<std::uint64_t> Migration::pass_tables() {
  std::uint64_t changed = 0;
  for (const Table& table : tables()) {
    std::string after;
    for (;;) {
      const Rows now = TRY(read(from_.database, table.page, {after, value(page_size)}));
      const bool goes_on = now.size() == page_size;
      const std::string end = goes_on ? database::text(now.back(), 0) : "";
      const Rows there = goes_on ? TRY(read(to_.database, table.range, {after, end}))
                                 : TRY(read(to_.database, table.rest, {after}));
      const Difference found = difference(now, there, 1);
      TRY(to_.database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
        for (const Row& each : found.removed) TRY(in.run(table.remove, each));
        for (const Row& each : found.put) TRY(in.run(table.put, each));
        return {};
      }));
      changed += found.put.size() + found.removed.size();
      if (!goes_on) break;
      after = end;
    }
  }
  done_.rows += changed;
  return changed;
}

Result<std::uint64_t> Migration::pass_tags() {
  std::uint64_t changed = 0;
  Row after{std::string(), std::string()};
  for (;;) {
    const Rows now = TRY(read(from_.database, tag_page, {after[0], after[1], value(page_size)}));
    const bool goes_on = now.size() == page_size;
    const Row end = goes_on ? Row{now.back()[0], now.back()[1]} : after;
    const Rows there =
        goes_on ? TRY(read(to_.database, tag_range, {after[0], after[1], end[0], end[1]}))
                : TRY(read(to_.database, tag_rest, {after[0], after[1]}));
    const Difference found = difference(now, there, 2);
    for (const Row& each : found.removed) {
      TRY(remove_tag(database::text(each, 0), database::text(each, 1)));
      ++changed;
    }
    for (const Row& each : found.put) {
      if (TRY(copy_tag(database::text(each, 0), database::text(each, 1)))) ++changed;
    }
    if (!goes_on) return changed;
    after = end;
  }
}

Result<bool> Migration::copy_tag(const std::string& repository, const std::string& name) {
  TagRow tag = TRY(from_.database.transact(Mode::Read, [&](Connection& in) -> Result<TagRow> {
    const Rows tags = TRY(
        in.run("SELECT repository, name, owner, state, record, type, digest, bytes, nodes, missing,"
               " yanked, created FROM tags WHERE repository = $1 AND name = $2 AND state > 0",
               {repository, name}));
    if (tags.empty()) return TagRow{};
    Rows nodes =
        TRY(in.run("SELECT repository, tag, path, type, length, digest, key FROM nodes"
                   " WHERE repository = $1 AND tag = $2",
                   {repository, name}));
    return TagRow{tags.front(), std::move(nodes)};
  }));
  if (tag.tag.empty()) return false;  // it went meanwhile
  std::set<std::string> lost;
  std::set<std::string> seen;
  for (const Row& each : tag.nodes) {
    const std::string& key = database::text(each, key_column);
    if (!seen.insert(key).second) continue;
    if (!TRY(copy_blob(key))) lost.insert(key);
  }
  // What a tag had goes with it: the next pass sees what became of it.
  if (!lost.empty() && !TRY(is_there(repository, name))) return true;
  std::int64_t missing = 0;
  for (Row& each : tag.nodes) {
    if (!lost.contains(database::text(each, key_column))) continue;
    done_.lost.push_back(concat(repository, ":", name, " /", database::text(each, 2)));
    each[key_column] = Value();
    ++missing;
  }
  if (missing > 0) {  // whoever pushes it once more mends it
    tag.tag[state_column] = std::int64_t{0};
    tag.tag[missing_column] = missing;
  }
  TRY(write_tag(tag));
  ++done_.tags;
  return true;
}

Result<bool> Migration::is_there(const std::string& repository, const std::string& name) {
  const Rows rows = TRY(read(from_.database,
                             "SELECT 1 FROM tags WHERE repository = $1 AND name = $2 AND state = 1",
                             {repository, name}));
  return !rows.empty();
}

Result<void> Migration::write_tag(const TagRow& tag) {
  const Value& repository = tag.tag[0];
  const Value& name = tag.tag[1];
  return to_.database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("DELETE FROM nodes WHERE repository = $1 AND tag = $2", {repository, name}));
    TRY(in.run("DELETE FROM tags WHERE repository = $1 AND name = $2", {repository, name}));
    TRY(
        in.run("INSERT INTO tags (repository, name, owner, state, record, type, digest, bytes,"
               " nodes, missing, yanked, created)"
               " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
               tag.tag));
    for (const Row& each : tag.nodes) {
      TRY(
          in.run("INSERT INTO nodes (repository, tag, path, type, length, digest, key)"
                 " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                 each));
    }
    return {};
  });
}

Result<void> Migration::remove_tag(const std::string& repository, const std::string& name) {
  return to_.database.transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("DELETE FROM nodes WHERE repository = $1 AND tag = $2", {repository, name}));
    TRY(in.run("DELETE FROM tags WHERE repository = $1 AND name = $2", {repository, name}));
    return {};
  });
}

Result<bool> Migration::copy_blob(const std::string& key) {
  const Rows there = TRY(read(to_.database, "SELECT 1 FROM blobs WHERE key = $1", {key}));
  if (!there.empty()) return true;
  // A push may mend it while it is read, by another object.
  for (int i = 0; i < 2; ++i) {
    const Rows rows = TRY(read(
        from_.database, "SELECT key, object, length, pieces FROM blobs WHERE key = $1", {key}));
    if (rows.empty()) return false;
    const Blob blob = TRY(blob_of(rows.front(), 0));
    const auto start = std::chrono::steady_clock::now();
    const bool copied = TRY(copy_object(blob));
    // Whoever pushes meanwhile has the disks and lines to himself for half of the time.
    if (!last_) std::this_thread::sleep_for(std::chrono::steady_clock::now() - start);
    if (copied) return true;
  }
  return false;
}

Result<bool> Migration::copy_object(const Blob& blob) {
  const auto reader = from_.objects.open(blob.object, blob.length);
  if (!reader) return false;
  Blob copy = blob;
  copy.object = new_object_name();
  const auto failed = [&](std::string_view what, const core::Error& error) {
    return Failure{Failure::Kind::Unavailable, concat(what, error.message())};
  };
  auto writer = to_.objects.create(copy.object);
  if (!writer) return failed("the new store: ", writer.error());
  for (std::uint64_t i = 0; i < blob.pieces.size(); ++i) {
    const auto piece = blob.read(**reader, i);
    if (!piece) {
      static_cast<void>(to_.objects.remove(copy.object));
      return false;
    }
    const auto written = (*writer)->append(*piece);
    if (!written) return failed("the new store: ", written.error());
    if (progress_) progress_(piece->size());
  }
  const auto finished = (*writer)->finish();
  if (!finished) return failed("the new store: ", finished.error());
  const auto sound = copy.check(to_.objects);
  if (!sound) return failed("the new store does not give what it was given: ", sound.error());
  TRY(to_.database.transact(Mode::Write, [&](Connection& in) {
    return in.run("INSERT INTO blobs (key, object, length, pieces) VALUES ($1, $2, $3, $4)",
                  {value(copy.key), copy.object, value(copy.length), to_bytes(copy.pieces)});
  }));
  ++done_.contents;
  done_.bytes += copy.length;
  return true;
}

}  // namespace merlon::registry_store
