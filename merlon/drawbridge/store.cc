#include "merlon/drawbridge/store.h"

#include "merlon/base/text.h"
#include "merlon/database/postgres.h"
#include "merlon/database/sqlite.h"
#include "merlon/os/open.h"
#include "merlon/registry_store/object_folder.h"
#include "merlon/s3/s3_objects.h"
#include "merlon/service/listeners.h"

namespace merlon::drawbridge {

using base::concat;
using service::Checked;

namespace {

Checked<void> make(const std::string& path) {
  const auto made = os::make_lasting_directory(path);
  if (made) return {};
  return concat(base::printable(path), ": cannot be made: ", os::describe(made.error()));
}

Checked<std::unique_ptr<registry_store::ObjectStore>> open_s3(S3Place place) {
  auto client = TRY(s3::Client::create(
      {place.endpoint, place.region, place.bucket, std::move(place.credentials), place.ca_bundle},
      s3::real_world()));
  TRY(client.probe());
  auto objects = s3::S3Objects::of(std::move(client), place.prefix);
  if (!objects) return concat(base::quoted(place.prefix), ": ", objects.error().message());
  return std::unique_ptr<registry_store::ObjectStore>(*std::move(objects));
}

Checked<std::unique_ptr<registry_store::ObjectStore>> open_folder(const std::string& path) {
  TRY(make(path));
  auto opened = registry_store::ObjectFolder::at(path);
  if (!opened) return concat(base::printable(path), ": ", opened.error().message());
  return std::unique_ptr<registry_store::ObjectStore>(*std::move(opened));
}

database::Database::Connect connect_to(const StorePlace& place) {
  return [url = place.database, file = database_file(place.folder)] {
    return url.empty() ? database::connect_sqlite(file) : database::connect_postgres(url);
  };
}

Checked<std::unique_ptr<registry_store::ObjectStore>> open_objects(StorePlace place) {
  if (place.objects) return open_s3(*std::move(place.objects));
  return open_folder(concat(place.folder, "/objects"));
}

}  // namespace

std::string database_file(const std::string& folder) { return concat(folder, "/catalogue.db"); }

Checked<std::unique_ptr<Store>> Store::open(StorePlace place, const registry_store::Quota& quota) {
  if (!place.folder.empty()) TRY(make(place.folder));
  std::unique_ptr<Store> store(new Store(connect_to(place)));
  auto catalogue = registry_store::Catalogue::open(store->database_, quota);
  if (!catalogue) return catalogue.error().text;
  store->catalogue_.emplace(*std::move(catalogue));
  if (place.database.empty()) {
    auto watch = database::watch_sqlite(database_file(place.folder));
    if (!watch) return watch.error().text;
    store->watch_ = *std::move(watch);
  }
  store->objects_ = TRY(open_objects(std::move(place)));
  store->shelf_.emplace(*store->catalogue_, *store->objects_, &service::clock_now);
  return store;
}

Checked<std::unique_ptr<NewStore>> NewStore::open(StorePlace place) {
  if (!place.folder.empty()) TRY(make(place.folder));
  std::unique_ptr<NewStore> store(new NewStore(connect_to(place)));
  store->objects_ = TRY(open_objects(std::move(place)));
  return store;
}

}  // namespace merlon::drawbridge
