#include "merlon/login/docker_config.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"
#include "merlon/login/secret_store.h"
#include "merlon/net/wait.h"
#include "merlon/os/helper.h"
#include "merlon/os/open.h"

namespace merlon::login {

using base::concat;
using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;

namespace {

constexpr std::string_view helper_prefix = "docker-credential-";
/// A keyring may ask its owner for a password first.
constexpr std::uint64_t patience = 120'000'000'000;
/// What a helper calls the user if the secret is an identity token.
constexpr std::string_view token_user = "<token>";

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

/// Empty if it is not there.
core::Result<std::string> text_in(const JsonValue& object, std::string_view name) {
  const JsonValue* const found = object.find(name);
  if (found == nullptr || found->kind() == JsonKind::Null) return std::string();
  if (found->kind() != JsonKind::String || found->text().size() > max_secret) {
    return malformed("a member of a login that is no text");
  }
  return std::string(found->text());
}

core::Result<RegistryLogin> login_of(const JsonValue& value) {
  RegistryLogin login;
  if (value.kind() != JsonKind::Object) return malformed("a login that is no object");
  login.user = TRY(text_in(value, "username"));
  login.password = TRY(text_in(value, "password"));
  login.identity_token = TRY(text_in(value, "identitytoken"));
  login.registry_token = TRY(text_in(value, "registrytoken"));
  const std::string auth = TRY(text_in(value, "auth"));
  if (auth.empty()) return login;
  const auto bytes = codec::decode_any_base64(auth);
  const std::string_view text = bytes ? core::as_text(*bytes) : std::string_view();
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return malformed("a login that is no base 64 of a password");
  login.user = text.substr(0, colon);
  login.password = text.substr(colon + 1);
  while (login.password.ends_with('\0')) login.password.pop_back();
  return login;
}

/// The name of a program, and no path.
bool is_program(std::string_view name) noexcept {
  constexpr std::size_t longest = 128;
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

core::Result<void> read_helpers(const JsonValue& root, DockerConfig& config) {
  config.store = TRY(text_in(root, "credsStore"));
  if (!config.store.empty() && !is_program(config.store)) {
    return malformed("credsStore that names no program");
  }
  const JsonValue* const helpers = root.find("credHelpers");
  if (helpers == nullptr || helpers->kind() == JsonKind::Null) return {};
  if (helpers->kind() != JsonKind::Object) return malformed("credHelpers that are none");
  for (std::size_t i = 0; i < helpers->items().size(); ++i) {
    const JsonValue& value = helpers->items()[i];
    if (value.kind() != JsonKind::String || (!value.text().empty() && !is_program(value.text()))) {
      return malformed("credHelpers that name no program");
    }
    config.helpers.emplace(helpers->names()[i], value.text());
  }
  return {};
}

/// All names of Docker's own registry are one.
std::string_view known_host(std::string_view host) noexcept {
  const bool hub =
      host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io";
  return hub ? "docker.io" : host;
}

/// How long a name is that is about a repository at a host; 0: it is about something else.
std::size_t matches(std::string_view name, std::string_view host, std::string_view repository) {
  const std::size_t scheme = name.find("://");
  const bool is_url = scheme != std::string_view::npos;
  if (is_url) name.remove_prefix(scheme + 3);
  const std::size_t slash = std::min(name.find('/'), name.size());
  const bool same = base::equal_ignoring_case(known_host(name.substr(0, slash)), known_host(host));
  if (!same) return 0;
  std::string_view path = name.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  // What stands in a URL behind the host is the API's, not a repository.
  if (is_url || path.empty() || path == "/v1" || path == "/v2") return 1;
  path.remove_prefix(1);
  const bool within =
      repository == path || (repository.size() > path.size() && repository.starts_with(path) &&
                             repository[path.size()] == '/');
  return within ? 1 + path.size() : 0;
}

/// By which name a helper knows it.
std::string_view helper_name(std::string_view host) noexcept {
  return known_host(host) == "docker.io" ? "https://index.docker.io/v1/" : host;
}

Result<RegistryLogin> login_in(const std::string& file, std::string_view host,
                               std::string_view repository) {
  const auto opened = os::open_file(file);
  if (!opened) return failure(concat(base::printable(file), ": ", os::describe(opened.error())));
  const auto bytes = os::read_all(*opened, max_docker_config);
  if (!bytes) return failure(concat(base::printable(file), ": ", os::describe(bytes.error())));
  const auto config = parse_docker_config(core::as_text(*bytes));
  if (!config) return failure(concat(base::printable(file), ": ", config.error().message()));
  std::string helper = config->store;
  for (const auto& [name, program] : config->helpers) {
    if (matches(name, host, repository) != 0) helper = program;
  }
  if (!helper.empty()) {
    auto found = TRY(ask_docker_helper(concat(helper_prefix, helper), host));
    if (found) return *std::move(found);
  }
  return find_login(*config, host, repository);
}

}  // namespace

bool RegistryLogin::empty() const noexcept {
  return user.empty() && password.empty() && identity_token.empty() && registry_token.empty();
}

core::Result<DockerConfig> parse_docker_config(std::string_view json) {
  if (json.size() > max_docker_config) return core::error(ErrorCode::Exhausted, "is too large");
  const auto document = TRY(JsonDocument::parse(json));
  const JsonValue& root = document.root();
  if (root.kind() != JsonKind::Object) return malformed("is no JSON object");
  DockerConfig config;
  TRY(read_helpers(root, config));
  const JsonValue* const auths = root.find("auths");
  if (auths == nullptr || auths->kind() == JsonKind::Null) return config;
  if (auths->kind() != JsonKind::Object) return malformed("auths that are none");
  for (std::size_t i = 0; i < auths->items().size(); ++i) {
    config.auths.emplace(auths->names()[i], TRY(login_of(auths->items()[i])));
  }
  return config;
}

core::Result<RegistryLogin> parse_helper_answer(std::string_view json) {
  const auto document = TRY(JsonDocument::parse(json));
  const JsonValue& root = document.root();
  if (root.kind() != JsonKind::Object) return malformed("no answer of a credential helper");
  RegistryLogin login;
  login.user = TRY(text_in(root, "Username"));
  const std::string secret = TRY(text_in(root, "Secret"));
  if (secret.empty()) return malformed("no answer of a credential helper");
  if (login.user == token_user) {
    login.user.clear();
    login.identity_token = secret;
  } else {
    login.password = secret;
  }
  return login;
}

RegistryLogin find_login(const DockerConfig& config, std::string_view host,
                         std::string_view repository) {
  std::size_t best = 0;
  RegistryLogin found;
  for (const auto& [name, login] : config.auths) {
    const std::size_t length = matches(name, host, repository);
    if (length <= best || login.empty()) continue;
    best = length;
    found = login;
  }
  return found;
}

Result<std::optional<RegistryLogin>> ask_docker_helper(const std::string& program,
                                                       std::string_view host) {
  const std::vector<std::string> words{program, "get"};
  const std::string name = concat(helper_name(host), "\n");
  const auto answer = os::run_helper(words, core::as_bytes(std::string_view(name)), 2 * max_secret,
                                     net::deadline_after(patience));
  if (!answer) {
    return failure(concat(base::printable(program), ": ", os::describe(answer.error())));
  }
  const bool well =
      answer->status.kind == os::ExitStatus::Kind::Exited && answer->status.value == 0;
  const std::string_view text = core::as_text(answer->output);
  if (!well) {
    // Its words for that it has none; others are not repeated, since nobody knows what is in them.
    if (base::contains_ignoring_case(text, "credentials not found")) {
      return std::optional<RegistryLogin>();
    }
    return failure(concat(base::printable(program), ": does not give what it keeps"));
  }
  auto login = parse_helper_answer(text);
  if (!login) return failure(concat(base::printable(program), ": ", login.error().message()));
  return std::optional(*std::move(login));
}

Result<RegistryLogin> find_registry_login(const std::vector<std::string>& files,
                                          std::string_view host, std::string_view repository) {
  for (const std::string& file : files) {
    if (!os::exists(file)) continue;
    auto login = TRY(login_in(file, host, repository));
    if (!login.empty()) return login;
  }
  return RegistryLogin();
}

bool is_docker_helper(std::string_view program) noexcept {
  const std::size_t slash = program.rfind('/');
  if (slash != std::string_view::npos) program.remove_prefix(slash + 1);
  return program.starts_with(helper_prefix);
}

}  // namespace merlon::login
