#include "merlon/drawbridge/store_options.h"

#include "merlon/base/text.h"
#include "merlon/database/postgres.h"
#include "merlon/os/open.h"
#include "merlon/s3/credentials.h"

namespace merlon::drawbridge {

using base::concat;

namespace {

// Places in the tables.
enum : std::size_t { store, database_place, objects, endpoint, region, credentials, ca };

Checked<std::string> read_text(std::string_view option, const std::string& path) {
  constexpr std::size_t most = std::size_t{64} << 10U;
  const auto file = os::open_file(path);
  if (!file)
    return core::Unexpected(
        concat(option, " ", base::printable(path), ": ", os::describe(file.error())));
  const auto bytes = os::read_all(*file, most);
  if (!bytes)
    return core::Unexpected(
        concat(option, " ", base::printable(path), ": ", os::describe(bytes.error())));
  return std::string(core::as_text(*bytes));
}

/// A URL as it is given, or of a file.
Checked<std::string> database_of(std::string_view option, const std::string& given) {
  if (given.empty()) return given;
  if (database::is_postgres_url(given)) {
    const auto secret = database::holds_password(given);
    if (!secret) return core::Unexpected(concat(option, ": ", secret.error().text));
    if (!*secret) return given;
    return core::Unexpected(
        concat(option,
               ": a password on a command line is seen by all of its machine; put the URL "
               "into a file and give that, or the password into PGPASSFILE"));
  }
  std::string text = TRY(read_text(option, given));
  constexpr std::string_view blanks = " \t\r\n";
  text.erase(text.find_last_not_of(blanks) + 1);
  text.erase(0, text.find_first_not_of(blanks));
  if (const auto parsed = database::holds_password(text); !parsed) {
    return core::Unexpected(concat(option, " ", base::printable(given), ": ", parsed.error().text));
  }
  return text;
}

std::string first_of(std::initializer_list<std::string> values) {
  for (const std::string& each : values) {
    if (!each.empty()) return each;
  }
  return "";
}

Checked<s3::Credentials> credentials_of(std::string_view option, const std::string& file,
                                        std::string (*variable)(const char* name)) {
  if (!file.empty()) {
    const std::string text = TRY(read_text(option, file));
    auto read = s3::parse_credentials(text);
    if (!read) return concat(option, " ", base::printable(file), ": ", read.error());
    return *std::move(read);
  }
  auto made = s3::make_credentials(variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                                   variable("AWS_SESSION_TOKEN"));
  if (!made) {
    return concat(option, " or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: ", made.error());
  }
  return *std::move(made);
}

}  // namespace

Checked<StorePlace> place_of(const command::Arguments& arguments, const StoreOptions& options,
                             std::string (*variable)(const char* name)) {
  const auto value = [&](std::size_t at) { return arguments.value(options[at].name); };
  StorePlace place;
  place.folder = value(store);
  place.database = TRY(database_of(options[database_place].name, value(database_place)));
  const std::string where = value(objects);
  if (!where.empty()) {
    constexpr std::string_view scheme = "s3://";
    if (!where.starts_with(scheme)) {
      return concat(options[objects].name, ": must be s3://BUCKET[/PREFIX]");
    }
    const std::string path = where.substr(scheme.size());
    const std::size_t slash = std::min(path.find('/'), path.size());
    S3Place s3;
    s3.bucket = path.substr(0, slash);
    s3.prefix = path.substr(std::min(slash + 1, path.size()));
    s3.region = first_of(
        {value(region), variable("AWS_REGION"), variable("AWS_DEFAULT_REGION"), "us-east-1"});
    s3.endpoint =
        first_of({value(endpoint), variable("AWS_ENDPOINT_URL_S3"), variable("AWS_ENDPOINT_URL"),
                  concat("https://s3.", s3.region, ".amazonaws.com")});
    s3.ca_bundle = value(ca);
    s3.credentials = TRY(credentials_of(options[credentials].name, value(credentials), variable));
    place.objects = std::move(s3);
  }
  if (place.folder.empty() && (place.database.empty() || !place.objects)) {
    return concat(options[store].name, " DIR must be given, or ", options[database_place].name,
                  " and ", options[objects].name);
  }
  return place;
}

Checked<void> check_is_there(const StorePlace& place) {
  if (!place.database.empty() || os::exists(database_file(place.folder))) return {};
  return concat(base::printable(place.folder), ": there is no store");
}

}  // namespace merlon::drawbridge
