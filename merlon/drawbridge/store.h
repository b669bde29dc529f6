#pragma once

// A store as it lies on this machine: DIR/catalogue.db and DIR/objects.

#include <memory>
#include <string>

#include "merlon/registry_store/shelf.h"
#include "merlon/service/issuers.h"

namespace merlon::drawbridge {

class Store {
 public:
  /// Makes it if it is not there. The error names what is wrong.
  [[nodiscard]] static service::Checked<std::unique_ptr<Store>> open(
      const std::string& folder, const registry_store::Quota& quota);

  [[nodiscard]] registry_store::Catalogue& catalogue() noexcept { return *catalogue_; }
  [[nodiscard]] registry_store::Shelf& shelf() noexcept { return *shelf_; }

 private:
  explicit Store(const std::string& file);

  database::Database database_;
  std::optional<registry_store::Catalogue> catalogue_;
  std::unique_ptr<registry_store::ObjectStore> objects_;
  std::optional<registry_store::Shelf> shelf_;
};

/// Of a store's folder.
[[nodiscard]] std::string database_file(const std::string& folder);

}  // namespace merlon::drawbridge
