#include "merlon/login/logins.h"

#include <filesystem>
#include <limits>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/codec/percent.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::login {

using base::concat;

namespace {

constexpr std::size_t max_login = 16384;
constexpr std::size_t longest = 2048;

core::Result<std::string> text_of(const codec::JsonValue& root, std::string_view name) {
  const std::string_view text = TRY(root.string_member(name));
  if (text.size() > longest) return core::error(core::ErrorCode::Malformed, "a text too long");
  return std::string(text);
}

/// "HOST" of "https://HOST[:PORT]/…".
std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  if (url.starts_with('[')) return url.substr(0, url.find(']') + 1);
  return url.substr(0, url.find(':'));
}

}  // namespace

std::string to_json(const Login& login) {
  codec::JsonWriter json;
  json.open_object();
  json.key("issuer");
  json.text(login.issuer);
  json.key("client_id");
  json.text(login.client_id);
  json.key("token_endpoint");
  json.text(login.token_endpoint);
  json.key("userinfo");
  json.text(login.userinfo);
  json.key("store");
  json.text(name_of(login.store));
  json.key("expires");
  json.number(login.expires);
  json.close_object();
  return json.result();
}

core::Result<Login> parse_login(std::string_view json) {
  const auto document = TRY(codec::JsonDocument::parse(json));
  const codec::JsonValue& root = document.root();
  Login login;
  login.issuer = TRY(text_of(root, "issuer"));
  login.client_id = TRY(text_of(root, "client_id"));
  login.token_endpoint = TRY(text_of(root, "token_endpoint"));
  login.userinfo = TRY(text_of(root, "userinfo"));
  const std::string store = TRY(text_of(root, "store"));
  const auto kind = find_store_kind(store);
  if (!kind) return core::error(core::ErrorCode::Malformed, "an unknown store of secrets");
  login.store = *kind;
  login.expires = TRY(root.number_member("expires", std::numeric_limits<std::uint64_t>::max()));
  return login;
}

std::string id_of(std::string_view issuer, std::string_view host) {
  return concat(host_of(issuer), "-", host);
}
std::string id_of_refresh_token(std::string_view issuer, std::string_view host) {
  return concat(id_of(issuer, host), "-refresh");
}

std::string Logins::path_of(const std::string& host) const {
  return concat(folder_, "/login-", codec::encode_percent(host));
}

Result<std::optional<Login>> Logins::find(const std::string& host) const {
  const std::string path = path_of(host);
  if (folder_.empty() || !os::exists(path)) return std::optional<Login>();
  const auto file = os::open_file(path);
  if (!file) return concat(base::printable(path), ": ", os::describe(file.error()));
  const auto bytes = os::read_all(*file, max_login);
  if (!bytes) return concat(base::printable(path), ": ", os::describe(bytes.error()));
  auto login = parse_login(core::as_text(*bytes));
  if (!login) return concat(base::printable(path), ": ", login.error().message());
  return std::optional(*std::move(login));
}

Result<void> Logins::keep(const std::string& host, const Login& login) const {
  if (folder_.empty()) {
    return std::string("neither XDG_STATE_HOME nor HOME says where a login is kept");
  }
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
  if (error) return concat(base::printable(folder_), ": ", error.message());
  const std::string text = to_json(login) + "\n";
  const auto written = os::replace_file(path_of(host), core::as_bytes(std::string_view(text)));
  if (!written) return concat(base::printable(path_of(host)), ": ", os::describe(written.error()));
  return {};
}

Result<void> Logins::forget(const std::string& host) const {
  std::error_code error;
  std::filesystem::remove(path_of(host), error);
  if (error) return concat(base::printable(path_of(host)), ": ", error.message());
  std::filesystem::remove(path_of(host) + ".lock", error);
  return {};
}

Result<os::Fd> Logins::lock(const std::string& host) const {
  const std::string path = path_of(host) + ".lock";
  auto file = os::open_record(path);
  if (!file) return concat(base::printable(path), ": ", os::describe(file.error()));
  if (const auto locked = os::lock(*file); !locked) {
    return concat(base::printable(path), ": ", os::describe(locked.error()));
  }
  return *std::move(file);
}

Result<Login> keep_tokens(const Logins& logins, const std::string& host, Login login,
                          const std::string& helper, const oidc::TokenAnswer& tokens) {
  const std::string id = id_of(login.issuer, host);
  SecretStore store = helper.empty() ? SecretStore::keyring() : SecretStore::helper(helper);
  auto kept = store.insert(id, tokens.access_token);
  if (!kept && helper.empty()) {
    store = SecretStore::files(logins.secrets());
    kept = store.insert(id, tokens.access_token);
  }
  if (!kept) return kept.error();
  if (!tokens.refresh_token.empty()) {
    TRY(store.insert(id_of_refresh_token(login.issuer, host), tokens.refresh_token));
  } else {
    // One of an earlier login would bring another token back.
    static_cast<void>(store.remove(id_of_refresh_token(login.issuer, host)));
  }
  login.store = store.kind();
  constexpr std::uint64_t second = 1'000'000'000;
  const auto now = os::now(os::Clock::Realtime);
  login.expires = tokens.expires_in && now ? *now / second + *tokens.expires_in : 0;
  TRY(logins.keep(host, login));
  return login;
}

}  // namespace merlon::login
