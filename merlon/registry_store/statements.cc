#include "merlon/registry_store/statements.h"

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::registry_store {

using base::concat;
using database::Failure;
using database::Row;

namespace {

std::vector<std::string> tables() {
  return {
      "CREATE TABLE version (number BIGINT NOT NULL)",
      "CREATE TABLE users (name TEXT PRIMARY KEY, skeleton TEXT NOT NULL UNIQUE,"
      " issuer TEXT NOT NULL, subject TEXT NOT NULL, record TEXT NOT NULL, created BIGINT NOT NULL)",
      "CREATE INDEX users_of ON users (issuer, subject)",
      "CREATE TABLE repositories (name TEXT PRIMARY KEY, owner TEXT NOT NULL,"
      " skeleton TEXT NOT NULL UNIQUE, public BIGINT NOT NULL, record TEXT NOT NULL,"
      " admission TEXT NOT NULL, created BIGINT NOT NULL)",
      "CREATE INDEX repositories_of ON repositories (owner)",
      std::string(public_repositories_index),
      // missing: nodes that are said to come and have not.
      "CREATE TABLE tags (repository TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL,"
      " state BIGINT NOT NULL, record TEXT NOT NULL, type TEXT NOT NULL, digest TEXT NOT NULL,"
      " bytes BIGINT NOT NULL, nodes BIGINT NOT NULL, missing BIGINT NOT NULL, yanked TEXT,"
      " created BIGINT NOT NULL, PRIMARY KEY (repository, name))",
      "CREATE INDEX tags_of ON tags (owner)",
      // key: of the blob; null: it has not come.
      "CREATE TABLE nodes (repository TEXT NOT NULL, tag TEXT NOT NULL, path TEXT NOT NULL,"
      " type TEXT NOT NULL, length BIGINT NOT NULL, digest TEXT NOT NULL, key TEXT,"
      " PRIMARY KEY (repository, tag, path))",
      "CREATE INDEX nodes_of ON nodes (key)",
      "CREATE TABLE blobs (key TEXT PRIMARY KEY, object TEXT NOT NULL UNIQUE,"
      " length BIGINT NOT NULL, pieces BYTEA NOT NULL)",
      "CREATE TABLE uploads (object TEXT PRIMARY KEY, repository TEXT NOT NULL, tag TEXT NOT NULL,"
      " path TEXT NOT NULL, digest TEXT NOT NULL, touched BIGINT NOT NULL)",
      "CREATE INDEX uploads_of ON uploads (repository, tag, path)",
      "CREATE TABLE tokens (id TEXT PRIMARY KEY, repository TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,"
      " reads BIGINT NOT NULL, writes BIGINT NOT NULL, expires BIGINT NOT NULL)",
      "CREATE INDEX tokens_of ON tokens (repository)",
  };
}

/// Names are in the order of their bytes everywhere, whatever language the database is of.
std::vector<std::string> in_postgres_words(std::vector<std::string> statements) {
  constexpr std::string_view type = " TEXT";
  constexpr std::string_view order = " COLLATE \"C\"";
  for (std::string& each : statements) {
    for (std::size_t at = each.find(type); at != std::string::npos; at = each.find(type, at + 1)) {
      each.insert(at + type.size(), order);
    }
  }
  return statements;
}

}  // namespace

const std::vector<std::string>& schema(database::Dialect dialect) {
  static const std::vector<std::string> sqlite = tables();
  static const std::vector<std::string> postgres = in_postgres_words(tables());
  return dialect == database::Dialect::Postgres ? postgres : sqlite;
}

database::Value value(const crypto::Sha256Digest& digest) { return base::hex(digest.view()); }

Failure nonsense(std::string_view what) {
  return {Failure::Kind::Broken, concat("the database has no such ", what, " of ours")};
}

Result<registry::Meta> meta_of(const Row& row, std::size_t first) {
  auto digest = registry::ContentDigest::parse(database::text(row, first + 2));
  if (!digest) return nonsense("digest");
  return registry::Meta{*std::move(digest), number(row, first + 1), database::text(row, first)};
}

Result<Blob> blob_of(const Row& row, std::size_t first) {
  Blob blob;
  const auto key = codec::decode_hex(database::text(row, first));
  const auto digest = key ? BlobKey::from(*key) : core::Result<BlobKey>(key.error());
  const database::Bytes& pieces = database::bytes(row, first + 3);
  blob.length = number(row, first + 2);
  if (!digest || !is_object_name(database::text(row, first + 1)) ||
      pieces.size() != Blob::pieces_of(blob.length) * crypto::Sha256Digest::size) {
    return nonsense("blob");
  }
  blob.key = *digest;
  blob.object = database::text(row, first + 1);
  for (std::size_t i = 0; i < pieces.size(); i += crypto::Sha256Digest::size) {
    const auto piece = core::ByteView(pieces).subspan(i, crypto::Sha256Digest::size);
    blob.pieces.push_back(*crypto::Sha256Digest::from(piece));
  }
  return blob;
}

database::Bytes to_bytes(const std::vector<crypto::Sha256Digest>& pieces) {
  database::Bytes bytes;
  for (const auto& each : pieces) {
    bytes.insert(bytes.end(), each.view().begin(), each.view().end());
  }
  return bytes;
}

std::string_view user_of(std::string_view repository) noexcept {
  return repository.substr(0, repository.find('/'));
}

}  // namespace merlon::registry_store
