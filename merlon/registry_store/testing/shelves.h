#pragma once

// A registry's store for tests: a database in a folder of its own, in memory where that can be, and
// packages to bring.

#include <string>
#include <vector>

#include "merlon/registry/tree.h"
#include "merlon/registry_store/shelf.h"

namespace merlon::registry_store::testing {

/// Where a database is: a folder that goes with it, or tables of their own in PostgreSQL.
class Folder {
 public:
  /// PostgreSQL if it is installed.
  explicit Folder(database::Dialect wanted = database::Dialect::Sqlite);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] database::Dialect dialect() const noexcept {
    return url_.empty() ? database::Dialect::Sqlite : database::Dialect::Postgres;
  }
  [[nodiscard]] database::Database database() const;

 private:
  std::string path_;
  std::string url_;
};

/// One instance of a service: its own connections and catalogue, and a shelf over them.
class Instance {
 public:
  Instance(const Folder& folder, ObjectStore& objects, Quota quota = {});

  [[nodiscard]] Catalogue& catalogue() noexcept { return catalogue_; }
  [[nodiscard]] Shelf& shelf() noexcept { return shelf_; }
  std::int64_t now = 1'000'000;

 private:
  database::Database database_;
  Catalogue catalogue_;
  Shelf shelf_;
};

/// A package to bring: nodes as a client sends them.
struct Package {
  struct Item {
    std::string path;
    registry::Meta meta;
    std::string content;
  };
  std::vector<Item> items;  ///< the root first

  /// Of files by their paths, with "/" between names.
  [[nodiscard]] static Package of(const std::vector<std::pair<std::string, std::string>>& files);
  [[nodiscard]] Tag tag(const std::string& repository, const std::string& name) const;
};

/// Makes user and repository of "user/repository" if they are not there.
void prepare(Catalogue& catalogue, const std::string& repository);
/// One node, whole. What became of it, or NoRoom on any failure.
[[nodiscard]] Added bring(Shelf& shelf, const Place& place, const Package::Item& item);
/// A whole package: whether all of it was taken.
[[nodiscard]] bool push(Shelf& shelf, const std::string& repository, const std::string& tag,
                        const Package& package);
/// Whether the tag is whole and gives exactly these bytes.
[[nodiscard]] bool pull(Shelf& shelf, const std::string& repository, const std::string& tag,
                        const Package& package);

}  // namespace merlon::registry_store::testing
