// Tags and the nodes of their trees.

#include <algorithm>

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

constexpr std::string_view tag_columns =
    "SELECT repository, name, state, record, type, digest, bytes, nodes, yanked, created FROM tags"
    " WHERE ";

Tag tag_of_row(const Row& row) {
  Tag tag;
  tag.repository = database::text(row, 0);
  tag.name = database::text(row, 1);
  tag.state = static_cast<TagState>(std::min<std::uint64_t>(number(row, 2), 2));
  tag.record = database::text(row, 3);
  tag.type = database::text(row, 4);
  tag.digest = database::text(row, 5);
  tag.length = number(row, 6);
  tag.nodes = number(row, 7);
  if (!database::is_null(row, 8)) tag.yanked = database::text(row, 8);
  tag.created = {database::integer(row, 9)};
  return tag;
}

/// False: it was said before, by a directory whose content was lost since.
Result<bool> expect(Connection& in, const Place& place, const registry::Meta& meta) {
  const Rows added =
      TRY(in.run("INSERT INTO nodes (repository, tag, path, type, length, digest, key)"
                 " VALUES ($1, $2, $3, $4, $5, $6, NULL)"
                 " ON CONFLICT (repository, tag, path) DO NOTHING RETURNING path",
                 {place.repository, place.tag, place.path, meta.type, value(meta.length),
                  meta.digest.text()}));
  return !added.empty();
}

/// Nodes and uploads of it, and contents that no other tag names. Their objects are given in
/// `dropped`: nothing counts them any more, so nothing would bound them until the next gc.
Result<void> clear(Connection& in, const std::string& repository, const std::string& name,
                   std::vector<ObjectName>& dropped) {
  const Rows contents = TRY(in.run(
      "DELETE FROM blobs WHERE key IN (SELECT key FROM nodes WHERE repository = $1 AND tag = $2)"
      " AND NOT EXISTS (SELECT 1 FROM nodes n WHERE n.key = blobs.key"
      " AND (n.repository <> $1 OR n.tag <> $2)) RETURNING object",
      {repository, name}));
  TRY(in.run("DELETE FROM nodes WHERE repository = $1 AND tag = $2", {repository, name}));
  const Rows uploads =
      TRY(in.run("DELETE FROM uploads WHERE repository = $1 AND tag = $2 RETURNING object",
                 {repository, name}));
  for (const Row& row : contents) dropped.push_back(database::text(row, 0));
  for (const Row& row : uploads) dropped.push_back(database::text(row, 0));
  return {};
}

Result<std::uint64_t> bytes_of(Connection& in, std::string_view owner) {
  const Rows rows = TRY(in.run(
      "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM tags WHERE owner = $1 AND state < 2",
      {value(owner)}));
  return number(rows.at(0), 0);
}

Result<std::optional<Tag>> read_tag(Connection& in, const std::string& repository,
                                    const std::string& name) {
  static const std::string statement = concat(tag_columns, "repository = $1 AND name = $2");
  const Rows rows = TRY(in.run(statement, {repository, name}));
  if (rows.empty()) return std::optional<Tag>();
  return std::optional<Tag>(tag_of_row(rows.front()));
}

/// Whether a tag that has begun waits for this root, or has it.
Result<bool> has_root(Connection& in, const Tag& tag, const registry::Meta& root) {
  const Rows rows = TRY(in.run(
      "SELECT type, length, digest FROM nodes WHERE repository = $1 AND tag = $2 AND path = ''",
      {tag.repository, tag.name}));
  if (rows.empty()) return false;
  return TRY(meta_of(rows.front(), 0)) == root;
}

bool is_more(std::uint64_t used, std::uint64_t more, std::uint64_t most) noexcept {
  return more > most || used > most - more;
}

}  // namespace

Result<Added> Catalogue::begin_tag(const Tag& tag, const registry::Meta& root, codec::UnixTime now,
                                   std::vector<ObjectName>& dropped) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<Added> {
    dropped.clear();
    const auto there = TRY(read_tag(in, tag.repository, tag.name));
    if (there && there->state == TagState::Deleted) return Added{Added::Kind::Deleted};
    if (there && there->state == TagState::Whole) return Added{Added::Kind::Exists};
    // Each signature of a tag is another text; what counts is the tree that it speaks of.
    if (there && TRY(has_root(in, tag, root))) {
      TRY(in.run("UPDATE tags SET record = $3, type = $4 WHERE repository = $1 AND name = $2",
                 {tag.repository, tag.name, tag.record, tag.type}));
      return Added{};
    }
    if (there) {
      TRY(clear(in, tag.repository, tag.name, dropped));
      TRY(in.run("DELETE FROM tags WHERE repository = $1 AND name = $2",
                 {tag.repository, tag.name}));
    }
    const std::string owner(user_of(tag.repository));
    const Rows count =
        TRY(in.run("SELECT COUNT(*) FROM tags WHERE repository = $1", {tag.repository}));
    if (number(count.at(0), 0) >= quota_.tags ||
        is_more(TRY(bytes_of(in, owner)), root.length, quota_.bytes)) {
      return Added{Added::Kind::NoRoom};
    }
    TRY(in.run(
        "INSERT INTO tags (repository, name, owner, state, record, type, digest, bytes,"
        " nodes, missing, yanked, created)"
        " VALUES ($1, $2, $3, 0, $4, $5, '', $6, 1, 1, NULL, $7)",
        {tag.repository, tag.name, owner, tag.record, tag.type, value(root.length), value(now)}));
    TRY(expect(in, {tag.repository, tag.name, ""}, root));
    return Added{};
  });
}

Result<std::optional<Tag>> Catalogue::tag(const std::string& repository, const std::string& name) {
  return database_->transact(Mode::Read,
                             [&](Connection& in) { return read_tag(in, repository, name); });
}

Result<std::vector<Tag>> Catalogue::tags(const std::string& repository, bool yanked_too,
                                         const std::string& after, std::uint64_t limit) {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<std::vector<Tag>> {
    static const std::string statement =
        concat(tag_columns,
               "repository = $1 AND state = 1 AND ($2 = 1 OR yanked IS NULL) AND name > $3"
               " ORDER BY name LIMIT $4");
    std::vector<Tag> found;
    for (const Row& row :
         TRY(in.run(statement, {repository, value(yanked_too ? 1U : 0U), after, value(limit)}))) {
      found.push_back(tag_of_row(row));
    }
    return found;
  });
}

Result<bool> Catalogue::yank(const std::string& repository, const std::string& name,
                             const std::optional<std::string>& why) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<bool> {
    const Rows done =
        TRY(in.run("UPDATE tags SET yanked = $3 WHERE repository = $1 AND name = $2 AND state = 1"
                   " RETURNING name",
                   {repository, name, why ? database::Value(*why) : database::Value()}));
    return !done.empty();
  });
}

Result<bool> Catalogue::delete_tag(const std::string& repository, const std::string& name,
                                   std::vector<ObjectName>& dropped) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<bool> {
    dropped.clear();
    const auto there = TRY(read_tag(in, repository, name));
    if (!there || there->state == TagState::Deleted) return false;
    TRY(clear(in, repository, name, dropped));
    if (there->state == TagState::Begun) {  // nobody could know the name
      TRY(in.run("DELETE FROM tags WHERE repository = $1 AND name = $2", {repository, name}));
      return true;
    }
    TRY(
        in.run("UPDATE tags SET state = 2, record = '', bytes = 0, nodes = 0, missing = 0,"
               " yanked = NULL WHERE repository = $1 AND name = $2",
               {repository, name}));
    return true;
  });
}

// ---- nodes ----

namespace {

Result<std::optional<Node>> read_node(Connection& in, const Place& place) {
  const Rows rows = TRY(
      in.run("SELECT n.type, n.length, n.digest, b.key, b.object, b.length, b.pieces FROM nodes n"
             " JOIN tags t ON t.repository = n.repository AND t.name = n.tag AND t.state = 1"
             " JOIN blobs b ON b.key = n.key"
             " WHERE n.repository = $1 AND n.tag = $2 AND n.path = $3",
             {place.repository, place.tag, place.path}));
  if (rows.empty()) return std::optional<Node>();
  registry::Meta meta = TRY(meta_of(rows.front(), 0));
  Blob blob = TRY(blob_of(rows.front(), 3));
  return std::optional<Node>(Node{std::move(meta), std::move(blob)});
}

}  // namespace

Result<std::optional<Node>> Catalogue::node(const Place& place) {
  return database_->transact(Mode::Read, [&](Connection& in) { return read_node(in, place); });
}

Result<Sight> Catalogue::look(const Place& place) {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<Sight> {
    Sight sight;
    sight.repository = TRY(read_repository(in, place.repository));
    if (!sight.repository) return sight;
    sight.tag = TRY(read_tag(in, place.repository, place.tag));
    if (sight.tag) sight.node = TRY(read_node(in, place));
    return sight;
  });
}

namespace {

/// What is said of the place, and whether `meta` may come there.
struct Judged {
  Added added;
  registry::ContentDigest said{};
};

Result<Judged> judge_place(Connection& in, const Place& place, const registry::Meta& meta) {
  const auto tag = TRY(read_tag(in, place.repository, place.tag));
  if (!tag) return Judged{{Added::Kind::NoParent}};
  if (tag->state == TagState::Deleted) return Judged{{Added::Kind::Deleted}};
  const Rows rows =
      TRY(in.run("SELECT type, length, digest, key FROM nodes"
                 " WHERE repository = $1 AND tag = $2 AND path = $3",
                 {place.repository, place.tag, place.path}));
  if (rows.empty()) return Judged{{Added::Kind::NoParent}};
  registry::Meta expected = TRY(meta_of(rows.front(), 0));
  bool same = expected.type == meta.type && expected.length == meta.length;
  bool any = false;
  for (const registry::DigestKind kind : registry::digest_kinds) {
    const core::ByteView wanted = expected.digest.get(kind);
    const core::ByteView given = meta.digest.get(kind);
    if (wanted.empty() || given.empty()) continue;
    any = true;
    same = same && std::ranges::equal(wanted, given);
  }
  if (!same || !any) return Judged{{Added::Kind::Differs}};
  if (!database::is_null(rows.front(), 3)) return Judged{{Added::Kind::Exists}};
  return Judged{{}, std::move(expected.digest)};
}

}  // namespace

Result<Added> Catalogue::expects(const Place& place, registry::Meta& meta) {
  const Judged judged = TRY(database_->transact(
      Mode::Read, [&](Connection& in) { return judge_place(in, place, meta); }));
  for (const registry::DigestKind kind : registry::digest_kinds) {
    const core::ByteView said = judged.said.get(kind);
    if (said.empty() || !meta.digest.get(kind).empty()) continue;
    if (!meta.digest.set(kind, said)) return nonsense("digest");
  }
  return judged.added;
}

namespace {

/// Without a digest: of a copy that is not the upload's yet.
Result<Added> note_upload(Connection& in, const Place& place, const Upload& upload,
                          codec::UnixTime now, std::uint64_t most) {
  const Rows count =
      TRY(in.run("SELECT COUNT(*) FROM uploads WHERE repository = $1", {place.repository}));
  if (number(count.at(0), 0) >= most) return Added{Added::Kind::NoRoom};
  TRY(
      in.run("INSERT INTO uploads (object, repository, tag, path, digest, touched)"
             " VALUES ($1, $2, $3, $4, $5, $6)",
             {upload.object, place.repository, place.tag, place.path, upload.digest, value(now)}));
  return Added{};
}

}  // namespace

Result<Added> Catalogue::begin_upload(const Place& place, const Upload& upload, codec::UnixTime now,
                                      std::vector<ObjectName>& dropped) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<Added> {
    dropped.clear();
    for (const Row& row : TRY(in.run("DELETE FROM uploads WHERE repository = $1 AND tag = $2"
                                     " AND path = $3 RETURNING object",
                                     {place.repository, place.tag, place.path}))) {
      dropped.push_back(database::text(row, 0));
    }
    return note_upload(in, place, upload, now, quota_.uploads);
  });
}

Result<Added> Catalogue::begin_copy(const Place& place, const ObjectName& object,
                                    codec::UnixTime now) {
  return database_->transact(Mode::Write, [&](Connection& in) {
    return note_upload(in, place, {object, ""}, now, quota_.uploads);
  });
}

Result<bool> Catalogue::take_over(const ObjectName& from, const ObjectName& object) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<bool> {
    const Rows old = TRY(in.run("SELECT digest FROM uploads WHERE object = $1", {from}));
    if (old.empty()) return false;
    const Rows taken =
        TRY(in.run("UPDATE uploads SET digest = $2 WHERE object = $1 RETURNING object",
                   {object, database::text(old.front(), 0)}));
    if (taken.empty()) return false;
    TRY(in.run("DELETE FROM uploads WHERE object = $1", {from}));
    return true;
  });
}

Result<std::optional<Upload>> Catalogue::upload(const Place& place) {
  return database_->transact(Mode::Read, [&](Connection& in) -> Result<std::optional<Upload>> {
    const Rows rows =
        TRY(in.run("SELECT object, digest FROM uploads WHERE repository = $1"
                   " AND tag = $2 AND path = $3 AND digest <> ''",
                   {place.repository, place.tag, place.path}));
    if (rows.empty()) return std::optional<Upload>();
    return std::optional<Upload>(
        Upload{database::text(rows.front(), 0), database::text(rows.front(), 1)});
  });
}

Result<bool> Catalogue::touch_upload(const ObjectName& object, codec::UnixTime now) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<bool> {
    const Rows rows =
        TRY(in.run("UPDATE uploads SET touched = $2 WHERE object = $1"
                   " RETURNING object",
                   {object, value(now)}));
    return !rows.empty();
  });
}

Result<bool> Catalogue::drop_upload(const ObjectName& object) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<bool> {
    const Rows rows =
        TRY(in.run("DELETE FROM uploads WHERE object = $1 RETURNING object", {object}));
    return !rows.empty();
  });
}

namespace {

/// `other.object` in the place of `lost`, which was found lost or altered. False: it is not there
/// any more.
Result<bool> replace_object(Connection& in, const Blob& lost, const Blob& other) {
  const Rows done =
      TRY(in.run("UPDATE blobs SET object = $3, pieces = $4 WHERE key = $1 AND object = $2"
                 " RETURNING key",
                 {value(lost.key), lost.object, other.object, to_bytes(other.pieces)}));
  return !done.empty();
}

/// The blob is known afterwards; false: it is so in another object.
Result<bool> take_blob(Connection& in, const Blob& blob) {
  const Rows there = TRY(in.run("SELECT object FROM blobs WHERE key = $1", {value(blob.key)}));
  if (!there.empty()) return database::text(there.front(), 0) == blob.object;
  TRY(in.run("INSERT INTO blobs (key, object, length, pieces) VALUES ($1, $2, $3, $4)",
             {value(blob.key), blob.object, value(blob.length), to_bytes(blob.pieces)}));
  return true;
}

struct Size {
  std::uint64_t nodes = 0;
  std::uint64_t bytes = 0;
};

Size size_of(const registry::Directory& children, std::uint64_t most) noexcept {
  Size size{children.size(), 0};
  for (const auto& [name, child] : children) {
    if (is_more(size.bytes, child.length, most)) return {size.nodes, most + 1};
    size.bytes += child.length;
  }
  return size;
}

/// What a directory says comes below it; how much of that is new.
Result<Size> expect_children(Connection& in, const Place& place,
                             const registry::Directory& children) {
  Size added;
  for (const auto& [name, meta] : children) {
    const std::string path = place.path.empty() ? name : concat(place.path, "/", name);
    if (!TRY(expect(in, {place.repository, place.tag, path}, meta))) continue;
    ++added.nodes;
    added.bytes += meta.length;
  }
  return added;
}

}  // namespace

Result<Added> Catalogue::finish_upload(const Place& place, const registry::Meta& meta,
                                       const registry::Directory& children, const Blob& blob,
                                       const std::optional<Blob>& lost,
                                       std::vector<ObjectName>& dropped) {
  return database_->transact(Mode::Write, [&](Connection& in) -> Result<Added> {
    dropped.clear();
    const Rows upload =
        TRY(in.run("DELETE FROM uploads WHERE object = $1 RETURNING object", {blob.object}));
    if (upload.empty()) {
      dropped.push_back(blob.object);
      return Added{Added::Kind::Differs};
    }
    const bool replaced = lost && TRY(replace_object(in, *lost, blob));
    if (replaced) dropped.push_back(lost->object);
    const Added judged = TRY(judge_place(in, place, meta)).added;
    if (judged.kind != Added::Kind::Done) {
      if (!replaced) dropped.push_back(blob.object);
      return judged;
    }
    const Size most = size_of(children, quota_.bytes);
    const auto tag = TRY(read_tag(in, place.repository, place.tag));
    if (!tag || tag->nodes + most.nodes > quota_.nodes ||
        is_more(TRY(bytes_of(in, user_of(place.repository))), most.bytes, quota_.bytes)) {
      if (!replaced) dropped.push_back(blob.object);
      return Added{Added::Kind::NoRoom};
    }
    if (!TRY(take_blob(in, blob))) dropped.push_back(blob.object);
    TRY(in.run("UPDATE nodes SET key = $4 WHERE repository = $1 AND tag = $2 AND path = $3",
               {place.repository, place.tag, place.path, value(blob.key)}));
    const Size more = TRY(expect_children(in, place, children));
    TRY(
        in.run("UPDATE tags SET nodes = nodes + $3, missing = missing - 1 + $3, bytes = bytes + $4,"
               " digest = CASE WHEN $5 = '' THEN $6 ELSE digest END"
               " WHERE repository = $1 AND name = $2",
               {place.repository, place.tag, value(more.nodes), value(more.bytes), place.path,
                value(blob.key)}));
    TRY(
        in.run("UPDATE tags SET state = 1 WHERE repository = $1 AND name = $2 AND state = 0"
               " AND missing = 0",
               {place.repository, place.tag}));
    return Added{};
  });
}

}  // namespace merlon::registry_store
