#include "merlon/registry_store/catalogue.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/registry_store/statements.h"

namespace merlon::registry_store {

using base::concat;
using database::Connection;
using database::Failure;
using database::Mode;
using database::Row;
using database::Rows;

namespace {

User user_of_row(const Row& row) {
  return {database::text(row, 0), database::text(row, 1), database::text(row, 2),
          database::text(row, 3)};
}

RepositoryToken token_of_row(const Row& row) {
  RepositoryToken token;
  token.id = database::text(row, 0);
  token.repository = database::text(row, 1);
  const auto hash = codec::decode_hex(database::text(row, 2));
  if (hash) token.hash = crypto::Sha256Digest::from(*hash).value_or(crypto::Sha256Digest());
  token.may_read = database::integer(row, 3) == 1;
  token.may_write = database::integer(row, 4) == 1;
  token.expires = {database::integer(row, 5)};
  return token;
}

/// For LIKE, whose "%" and "_" stand for others; names have neither.
std::string pattern(std::string_view word) {
  std::string text = "%";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '\\') text += '\\';
    text += base::lower(c);
  }
  return text + "%";
}

constexpr std::string_view token_columns =
    "SELECT id, repository, hash, reads, writes, expires FROM tokens WHERE ";

}  // namespace

std::string skeleton(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const char low = base::lower(c);
    if (low == '0') {
      text += 'o';
    } else if (low == '1' || low == 'i') {
      text += 'l';
    } else {
      text += low;
    }
  }
  // "rn" for "m" and "vv" for "w" are the same to many readers.
  for (const auto& [two, one] : {std::pair{"rn", "m"}, std::pair{"vv", "w"}}) {
    for (std::size_t at = text.find(two); at != std::string::npos; at = text.find(two)) {
      text.replace(at, 2, one);
    }
  }
  return text;
}

Result<Catalogue> Catalogue::open(database::Database& database, Quota quota) {
  const auto read_version = [](Connection& in) -> Result<std::int64_t> {
    const Rows rows = TRY(in.run("SELECT number FROM version", {}));
    return rows.empty() ? 0 : database::integer(rows.front(), 0);
  };
  const auto make = [](Connection& in) -> Result<std::int64_t> {
    for (const std::string& each : schema(in.dialect())) TRY(in.run(each, {}));
    TRY(in.run("INSERT INTO version (number) VALUES ($1)", {schema_version}));
    return schema_version;
  };
  auto version = database.transact(Mode::Read, read_version);
  if (!version) {
    if (version.error().kind != Failure::Kind::Broken) return std::move(version.error());
    const auto made = database.transact(Mode::Write, make);
    version = database.transact(Mode::Read, read_version);  // perhaps another one made it
    if (!version) return made ? std::move(version.error()) : made.error();
  }
  if (*version == unfinished_version) {
    return Failure{Failure::Kind::Broken,
                   "a migration into this store is not finished (migrate --finish)"};
  }
  if (*version != schema_version) {
    return Failure{Failure::Kind::Broken, concat("the database is of version ", *version,
                                                 ", this program's is ", schema_version)};
  }
  // Of databases that are older than the index. Nothing but a search is slower without it.
  static_cast<void>(database.transact(
      Mode::Write, [](Connection& in) { return in.run(public_repositories_index, {}); }));
  return Catalogue(database, quota);
}

// ---- users, repositories ----

Result<Added> Catalogue::add_user(const User& user, codec::UnixTime now) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<Added> {
    const std::string look = skeleton(user.name);
    const Rows there =
        TRY(in.run("SELECT name FROM users WHERE name = $1 OR skeleton = $2", {user.name, look}));
    for (const Row& row : there) {
      if (database::text(row, 0) == user.name) return Added{Added::Kind::Exists};
    }
    if (!there.empty()) return Added{Added::Kind::LooksLike, database::text(there.front(), 0)};
    const Rows count = TRY(in.run("SELECT COUNT(*) FROM users WHERE issuer = $1 AND subject = $2",
                                  {user.issuer, user.subject}));
    if (number(count.at(0), 0) >= quota_.users) return Added{Added::Kind::NoRoom};
    TRY(
        in.run("INSERT INTO users (name, skeleton, issuer, subject, record, created)"
               " VALUES ($1, $2, $3, $4, $5, $6)",
               {user.name, look, user.issuer, user.subject, user.record, value(now)}));
    return Added{};
  });
}

Result<std::optional<User>> Catalogue::user(const std::string& name) {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<std::optional<User>> {
    const Rows rows =
        TRY(in.run("SELECT name, issuer, subject, record FROM users WHERE name = $1", {name}));
    if (rows.empty()) return std::optional<User>();
    return std::optional<User>(user_of_row(rows.front()));
  });
}

Result<Added> Catalogue::add_repository(const Repository& repository, codec::UnixTime now) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<Added> {
    const std::string owner(user_of(repository.name));
    const std::string look = concat(owner, "/", skeleton(repository.name.substr(owner.size() + 1)));
    const Rows there = TRY(in.run("SELECT name FROM repositories WHERE name = $1 OR skeleton = $2",
                                  {repository.name, look}));
    for (const Row& row : there) {
      if (database::text(row, 0) == repository.name) return Added{Added::Kind::Exists};
    }
    if (!there.empty()) return Added{Added::Kind::LooksLike, database::text(there.front(), 0)};
    const Rows count = TRY(in.run("SELECT COUNT(*) FROM repositories WHERE owner = $1", {owner}));
    if (number(count.at(0), 0) >= quota_.repositories) return Added{Added::Kind::NoRoom};
    TRY(in.run(
        "INSERT INTO repositories (name, owner, skeleton, public, record, admission, created)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {repository.name, owner, look, value(repository.is_public ? 1U : 0U), repository.record,
         repository.admission, value(now)}));
    return Added{};
  });
}

Result<std::optional<Repository>> read_repository(Connection& in, const std::string& name) {
  const Rows rows = TRY(
      in.run("SELECT name, public, record, admission FROM repositories WHERE name = $1", {name}));
  if (rows.empty()) return std::optional<Repository>();
  const Row& row = rows.front();
  return std::optional<Repository>(Repository{database::text(row, 0),
                                              database::integer(row, 1) == 1,
                                              database::text(row, 2), database::text(row, 3)});
}

Result<std::optional<Repository>> Catalogue::repository(const std::string& name) {
  return database_->transact(Mode::Read, [&](Connection& in) { return read_repository(in, name); });
}

Result<void> Catalogue::set_admission(const std::string& repository, const std::string& rule) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<void> {
    TRY(in.run("UPDATE repositories SET admission = $2 WHERE name = $1", {repository, rule}));
    return {};
  });
}

Result<Catalogue::Page> Catalogue::repositories(const Query& query) {
  // Names of a user's repositories begin with his: "/" and the character behind it bound them. Of
  // all names "~" is behind the last.
  const std::string before = query.user.empty() ? "~" : concat(query.user, "0");
  const std::string after =
      query.user.empty() ? query.after : std::max(query.after, concat(query.user, "/"));
  std::array<std::string, Query::max_words> patterns;
  patterns.fill("%");
  for (std::size_t i = 0; i < std::min(query.words.size(), patterns.size()); ++i) {
    patterns.at(i) = pattern(query.words[i]);
  }
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<Page> {
    // Private ones of others are neither looked at nor named as where to go on: "CROSS" has SQLite
    // begin with the asker's names, and "+" keeps it from going through all that is private.
    const Rows last =
        TRY(in.run("SELECT name FROM repositories WHERE public = 1 AND name > $1 AND name < $2"
                   " ORDER BY name LIMIT 1 OFFSET $3",
                   {after, before, value(std::max<std::uint64_t>(query.most_looked_at, 1) - 1)}));
    Page page;
    if (!last.empty()) page.next = database::text(last[0], 0);
    const Rows rows =
        TRY(in.run("SELECT r.name, r.public,"
                   " (SELECT COUNT(*) FROM tags t WHERE t.repository = r.name AND t.state = 1"
                   "  AND t.yanked IS NULL),"
                   " (SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM tags t"
                   "  WHERE t.repository = r.name AND t.state = 1)"
                   " FROM (SELECT name, public FROM repositories"
                   "  WHERE public = 1 AND name > $1 AND name < $2 AND name <= $3"
                   "  UNION ALL SELECT o.name, o.public FROM users u CROSS JOIN repositories o"
                   "  WHERE u.issuer = $4 AND u.subject = $5 AND o.owner = u.name AND +o.public = 0"
                   "  AND o.name > $1 AND o.name < $2 AND o.name <= $3) r"
                   " WHERE LOWER(r.name) LIKE $6 ESCAPE '\\' AND LOWER(r.name) LIKE $7 ESCAPE '\\'"
                   " AND LOWER(r.name) LIKE $8 ESCAPE '\\' AND LOWER(r.name) LIKE $9 ESCAPE '\\'"
                   " AND LOWER(r.name) LIKE $10 ESCAPE '\\' AND LOWER(r.name) LIKE $11 ESCAPE '\\'"
                   " AND LOWER(r.name) LIKE $12 ESCAPE '\\' AND LOWER(r.name) LIKE $13 ESCAPE '\\'"
                   " ORDER BY r.name LIMIT $14",
                   {after, before, page.next.empty() ? before : page.next, query.issuer,
                    query.subject, patterns[0], patterns[1], patterns[2], patterns[3], patterns[4],
                    patterns[5], patterns[6], patterns[7], value(query.limit + 1)}));
    for (const Row& row : rows) {
      if (page.found.size() == query.limit) {
        page.next = page.found.empty() ? "" : page.found.back().name;
        break;
      }
      page.found.push_back(
          {database::text(row, 0), database::integer(row, 1) == 1, number(row, 2), number(row, 3)});
    }
    return page;
  });
}

// ---- tokens ----

Result<Added> Catalogue::add_token(const RepositoryToken& token) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<Added> {
    const Rows count =
        TRY(in.run("SELECT COUNT(*) FROM tokens WHERE repository = $1", {token.repository}));
    if (number(count.at(0), 0) >= quota_.tokens) return Added{Added::Kind::NoRoom};
    TRY(
        in.run("INSERT INTO tokens (id, repository, hash, reads, writes, expires)"
               " VALUES ($1, $2, $3, $4, $5, $6)",
               {token.id, token.repository, value(token.hash), value(token.may_read ? 1U : 0U),
                value(token.may_write ? 1U : 0U), value(token.expires)}));
    return Added{};
  });
}

Result<std::vector<RepositoryToken>> Catalogue::tokens(const std::string& repository) {
  return database_->transact(
      Mode::Read, [&](Connection& in) -> Result<std::vector<RepositoryToken>> {
        static const std::string statement = concat(token_columns, "repository = $1 ORDER BY id");
        std::vector<RepositoryToken> all;
        for (const Row& row : TRY(in.run(statement, {repository}))) {
          all.push_back(token_of_row(row));
        }
        return all;
      });
}

Result<bool> Catalogue::remove_token(const std::string& repository, const std::string& id) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<bool> {
    const Rows gone = TRY(in.run(
        "DELETE FROM tokens WHERE repository = $1 AND id = $2 RETURNING id", {repository, id}));
    return !gone.empty();
  });
}

Result<std::optional<RepositoryToken>> Catalogue::find_token(const crypto::Sha256Digest& hash) {
  return database_->transact(
      Mode::Read, [&](Connection& in) -> Result<std::optional<RepositoryToken>> {
        static const std::string statement = concat(token_columns, "hash = $1");
        const Rows rows = TRY(in.run(statement, {value(hash)}));
        if (rows.empty()) return std::optional<RepositoryToken>();
        return std::optional<RepositoryToken>(token_of_row(rows.front()));
      });
}

}  // namespace merlon::registry_store
