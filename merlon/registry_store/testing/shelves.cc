#include "merlon/registry_store/testing/shelves.h"

#include <cstdlib>
#include <filesystem>
#include <map>

#include "merlon/base/text.h"
#include "merlon/database/postgres.h"
#include "merlon/database/sqlite.h"
#include "merlon/database/testing/postgres_server.h"

namespace merlon::registry_store::testing {

using base::concat;

Folder::Folder(database::Dialect wanted) {
  // Of a disk each step would take milliseconds.
  const bool in_memory = std::filesystem::is_directory("/dev/shm");
  path_ = concat(in_memory ? "/dev/shm" : std::filesystem::temp_directory_path().string(),
                 "/merlon_registry_XXXXXX");
  MERLON_CHECK(::mkdtemp(path_.data()) != nullptr);
  if (wanted != database::Dialect::Postgres) return;
  if (auto* const server = database::testing::PostgresServer::shared()) url_ = server->new_url();
}

database::Database Folder::database() const {
  return database::Database([path = path_ + "/db", url = url_] {
    return url.empty() ? database::connect_sqlite(path) : database::connect_postgres(url);
  });
}

Folder::~Folder() {
  std::error_code none;
  std::filesystem::remove_all(path_, none);
}

namespace {

Catalogue opened(database::Database& database, Quota quota) {
  auto catalogue = Catalogue::open(database, quota);
  MERLON_CHECK(catalogue.has_value());
  return *std::move(catalogue);
}

/// Directories by their paths, each with what is in it.
using Directories = std::map<std::string, registry::Directory>;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

std::string name_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Instance::Instance(const Folder& folder, ObjectStore& objects, Quota quota)
    : database_(folder.database()),
      catalogue_(opened(database_, quota)),
      shelf_(catalogue_, objects, [this] { return codec::UnixTime{now}; }) {}

Package Package::of(const std::vector<std::pair<std::string, std::string>>& files) {
  Package package;
  Directories directories;
  directories[""];
  std::map<std::string, Item> items;
  for (const auto& [path, content] : files) {
    const auto meta =
        registry::Meta::of(core::as_bytes(content), registry::type_of_file(name_of(path)));
    items[path] = {path, meta, content};
    directories[parent_of(path)][name_of(path)] = meta;
    for (std::string at = parent_of(path); !at.empty(); at = parent_of(at)) {
      directories[parent_of(at)];
    }
  }
  // Behind each directory come those within it, so from the end on all children are known.
  for (auto at = directories.rbegin(); at != directories.rend(); ++at) {
    const std::string listing = registry::to_json(at->second);
    const auto meta = registry::Meta::of(core::as_bytes(listing), registry::directory_type);
    items[at->first] = {at->first, meta, listing};
    if (!at->first.empty()) directories[parent_of(at->first)][name_of(at->first)] = meta;
  }
  for (auto& [path, item] : items) package.items.push_back(std::move(item));
  return package;
}

Tag Package::tag(const std::string& repository, const std::string& name) const {
  Tag tag;
  tag.repository = repository;
  tag.name = name;
  tag.record = registry::to_json(items.front().meta);
  tag.type = registry::tag_type;
  return tag;
}

void prepare(Catalogue& catalogue, const std::string& repository) {
  const std::string user = repository.substr(0, repository.find('/'));
  MERLON_CHECK(catalogue.add_user({user, "issuer", user, "{}"}, {}).has_value());
  MERLON_CHECK(catalogue.add_repository({repository, true, "{}", ""}, {}).has_value());
}

Added bring(Shelf& shelf, const Place& place, const Package::Item& item) {
  auto begun = shelf.begin(place, item.meta);
  if (!begun) return {Added::Kind::NoRoom};
  if (!begun->incoming) return begun->added;
  if (!begun->incoming->append(core::as_bytes(item.content))) return {Added::Kind::NoRoom};
  const auto finished = begun->incoming->finish();
  if (!finished) return {Added::Kind::NoRoom};
  if (!finished->is_as_told) return {Added::Kind::Differs};
  return finished->added;
}

bool push(Shelf& shelf, const std::string& repository, const std::string& tag,
          const Package& package) {
  const auto begun = shelf.begin_tag(package.tag(repository, tag), package.items.front().meta);
  if (!begun || begun->kind != Added::Kind::Done) return false;
  for (const Package::Item& item : package.items) {
    const Added added = bring(shelf, {repository, tag, item.path}, item);
    if (added.kind != Added::Kind::Done && added.kind != Added::Kind::Exists) return false;
  }
  return true;
}

bool pull(Shelf& shelf, const std::string& repository, const std::string& tag,
          const Package& package) {
  for (const Package::Item& item : package.items) {
    const auto node = shelf.catalogue().node({repository, tag, item.path});
    if (!node || !*node || !((*node)->meta == item.meta)) return false;
    const auto outgoing = shelf.open((*node)->blob);
    if (!outgoing) return false;
    std::string content;
    for (std::uint64_t i = 0; i < Blob::pieces_of(item.content.size()); ++i) {
      const auto piece = outgoing->piece(i);
      if (!piece) return false;
      content += core::as_text(*piece);
    }
    if (content != item.content) return false;
  }
  return true;
}

}  // namespace merlon::registry_store::testing
