#pragma once

// Where a registry is: a folder with all of it, or a database and objects that several services
// share.

#include <memory>
#include <optional>
#include <string>

#include "merlon/registry_store/shelf.h"
#include "merlon/s3/client.h"
#include "merlon/service/issuers.h"

namespace merlon::drawbridge {

/// Objects in an S3.
struct S3Place {
  std::string endpoint;
  std::string region;
  std::string bucket;
  std::string prefix;
  s3::Credentials credentials;
  std::string ca_bundle;
};

struct StorePlace {
  std::string folder;                ///< of what is not elsewhere; empty: all is
  std::string database;              ///< URL of PostgreSQL, a secret; empty: SQLite, in the folder
  std::optional<S3Place> objects{};  ///< nothing: in the folder
};

class Store {
 public:
  /// Makes it if it is not there. The error names what is wrong.
  [[nodiscard]] static service::Checked<std::unique_ptr<Store>> open(
      StorePlace place, const registry_store::Quota& quota);

  [[nodiscard]] database::Database& database() noexcept { return database_; }
  [[nodiscard]] registry_store::ObjectStore& objects() noexcept { return *objects_; }
  [[nodiscard]] registry_store::Catalogue& catalogue() noexcept { return *catalogue_; }
  [[nodiscard]] registry_store::Shelf& shelf() noexcept { return *shelf_; }
  /// Null where the database has no such thing.
  [[nodiscard]] database::Watch* watch() noexcept { return watch_.get(); }

 private:
  explicit Store(database::Database::Connect connect) : database_(std::move(connect)) {}

  database::Database database_;
  std::optional<registry_store::Catalogue> catalogue_;
  std::unique_ptr<registry_store::ObjectStore> objects_;
  std::optional<registry_store::Shelf> shelf_;
  std::unique_ptr<database::Watch> watch_;
};

/// One that packages are brought into: its database may be marked so, or empty.
class NewStore {
 public:
  [[nodiscard]] static service::Checked<std::unique_ptr<NewStore>> open(StorePlace place);

  [[nodiscard]] database::Database& database() noexcept { return database_; }
  [[nodiscard]] registry_store::ObjectStore& objects() noexcept { return *objects_; }

 private:
  explicit NewStore(database::Database::Connect connect) : database_(std::move(connect)) {}

  database::Database database_;
  std::unique_ptr<registry_store::ObjectStore> objects_;
};

/// Of a store's folder.
[[nodiscard]] std::string database_file(const std::string& folder);

}  // namespace merlon::drawbridge
