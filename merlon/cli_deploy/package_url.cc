#include "merlon/cli_deploy/package_url.h"

#include <array>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/cli_registry/oci_package.h"
#include "merlon/delivery/workload.h"
#include "merlon/os/open.h"
#include "merlon/os/random.h"
#include "merlon/workload/url.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;
using https_client::HttpsClient;

namespace {

constexpr unsigned found = 200;
constexpr unsigned not_found = 404;
constexpr std::size_t largest_config = std::size_t{1} << 20U;

Failure unusable(std::string text) { return {std::move(text), Status::Unusable}; }

Result<FetchedPackage> new_folder() {
  std::array<std::uint8_t, 8> name{};
  std::error_code error;
  const auto place = std::filesystem::temp_directory_path(error);
  if (error || !os::fill_random(name)) return unusable("no folder for what is fetched");
  const std::string folder = concat(place.string(), "/merlon-", base::hex(name));
  // Nobody else's: it must not be there yet.
  if (!std::filesystem::create_directory(folder, error) || error) {
    return unusable(concat(base::printable(folder), ": cannot be made"));
  }
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  return FetchedPackage(folder);
}

Result<void> write(const std::string& path, core::ByteView bytes) {
  const auto written = os::replace_file(path, bytes);
  if (written) return {};
  return unusable(concat(base::printable(path), ": ", os::describe(written.error())));
}

/// "application/wasm; charset=x" is that as well.
bool is_module(const http_client::Answer& answer) {
  const std::string_view type = answer.content_type;
  return type.substr(0, type.find(';')) == "application/wasm";
}

class Fetching {
 public:
  Fetching(HttpsClient client, std::string url, std::string path) noexcept
      : client_(std::move(client)), url_(std::move(url)), path_(std::move(path)) {}

  Result<FetchedPackage> fetch() {
    FetchedPackage package = TRY(new_folder());
    const std::string folder = package.path();
    const auto answer = TRY(get(path_));
    if (answer.status == found && is_module(answer)) {
      package.set_path(concat(folder, "/main.wasm"));
      TRY(write(package.path(), answer.body));
      return package;
    }
    const std::string below = concat(path_, path_.ends_with('/') ? "" : "/");
    const auto module = TRY(get(concat(below, "main.wasm")));
    if (module.status != found) return refused("main.wasm", module.status);
    TRY(write(concat(folder, "/main.wasm"), module.body));
    const auto config = TRY(get(concat(below, "Enarx.toml")));
    if (config.status == not_found) return package;
    if (config.status != found) return refused("Enarx.toml", config.status);
    if (config.body.size() > largest_config) {
      return unusable(concat(base::printable(url_), ": its Enarx.toml is too large"));
    }
    TRY(write(concat(folder, "/Enarx.toml"), config.body));
    return package;
  }

 private:
  [[nodiscard]] Result<http_client::Answer> get(const std::string& path) const {
    auto answer = client_.ask("GET", path, {}, delivery::max_module_size);
    if (!answer) return unusable(answer.error());
    return *std::move(answer);
  }
  [[nodiscard]] Failure refused(std::string_view file, unsigned status) const {
    return unusable(concat(base::printable(url_), ": no ", file, " (HTTP status ", status, ")"));
  }

  HttpsClient client_;
  std::string url_;
  std::string path_;
};

Failure failure_of(const cli_registry::Failure& failure) {
  return {failure.text, static_cast<Status>(failure.status)};
}

/// Of deploy's options those that are about registries as well: its token is the gatehouse's alone.
cli::Arguments for_registry(const cli::Arguments& arguments) {
  cli::Arguments kept;
  for (const std::string_view name :
       {"--ca-bundle", "--credential-helper", "--signed-by", "--content-key", "--token-host"}) {
    if (arguments.has(name)) kept.options[std::string(name)] = {arguments.value(name)};
  }
  if (arguments.has("--accept-new-digest")) kept.options["--accept-new-digest"] = {};
  return kept;
}

Result<RegistryOrigin> origin_of(const cli_registry::Source& package) {
  const auto url = workload::parse_https_url(concat("https://", package.slug.host));
  if (!url) return unusable(concat(base::quoted(package.slug.host), " is no HOST[:PORT]"));
  const std::string tag = registry_client::path_of_tag(package.slug);
  return RegistryOrigin{url->host, url->port, concat(registry_client::api, tag), package.tree};
}

}  // namespace

FetchedPackage::~FetchedPackage() {
  std::error_code error;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, error);
}

std::string local_path(const std::string& package) {
  constexpr std::string_view scheme = "file://";
  return package.starts_with(scheme) ? package.substr(scheme.size()) : package;
}

bool is_remote(std::string_view package) noexcept {
  return package.starts_with("https://") || package.starts_with("http://");
}

Result<FetchedPackage> fetch_package(const std::string& url, const https_client::TlsFiles& files) {
  std::string path;
  auto client = HttpsClient::create(url, files, path);
  if (!client) return unusable(client.error());
  return Fetching(*std::move(client), url, std::move(path)).fetch();
}

Result<FetchedPackage> fetch_from_registry(const cli::Arguments& arguments,
                                           const cli::Terminal& terminal, const std::string& name) {
  FetchedPackage fetched = TRY(new_folder());
  const auto source =
      cli_registry::fetch_any(for_registry(arguments), terminal, name, fetched.path());
  if (!source) return failure_of(source.error());
  if (!source->tree.empty()) fetched.origin = TRY(origin_of(*source));
  return fetched;
}

}  // namespace merlon::cli_deploy
