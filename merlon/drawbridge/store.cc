#include "merlon/drawbridge/store.h"

#include "merlon/base/text.h"
#include "merlon/database/sqlite.h"
#include "merlon/os/open.h"
#include "merlon/registry_store/object_folder.h"
#include "merlon/service/listeners.h"

namespace merlon::drawbridge {

using base::concat;
using service::Checked;

namespace {

Checked<void> make(const std::string& path) {
  const auto made = os::make_private_directory(path);
  if (made || made.error() == os::Errno::Exist) return {};
  return concat(base::printable(path), ": cannot be made: ", os::describe(made.error()));
}

}  // namespace

std::string database_file(const std::string& folder) { return concat(folder, "/catalogue.db"); }

Store::Store(const std::string& file)
    : database_([file] { return database::connect_sqlite(file); }) {}

Checked<std::unique_ptr<Store>> Store::open(const std::string& folder,
                                            const registry_store::Quota& quota) {
  const std::string objects = concat(folder, "/objects");
  TRY(make(folder));
  TRY(make(objects));
  std::unique_ptr<Store> store(new Store(database_file(folder)));
  auto catalogue = registry_store::Catalogue::open(store->database_, quota);
  if (!catalogue) return catalogue.error().text;
  store->catalogue_.emplace(*std::move(catalogue));
  auto opened = registry_store::ObjectFolder::at(objects);
  if (!opened) return concat(base::printable(objects), ": ", opened.error().message());
  store->objects_ = *std::move(opened);
  store->shelf_.emplace(*store->catalogue_, *store->objects_, &service::clock_now);
  return store;
}

}  // namespace merlon::drawbridge
