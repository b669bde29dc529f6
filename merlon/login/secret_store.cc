#include "merlon/login/secret_store.h"

#include <array>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/codec/percent.h"
#include "merlon/net/wait.h"
#include "merlon/os/helper.h"
#include "merlon/os/open.h"

namespace merlon::login {

using base::concat;

namespace {

constexpr std::array<std::string_view, 3> names{"helper", "keyring", "file"};
/// A keyring may ask its owner for a password first.
constexpr std::uint64_t patience = 120'000'000'000;
constexpr std::string_view keyring_program = "secret-tool";

Result<os::HelperAnswer> run(const std::vector<std::string>& words, const std::string& input) {
  auto answer = os::run_helper(words, core::as_bytes(std::string_view(input)), max_secret,
                               net::deadline_after(patience));
  if (!answer) return concat(base::printable(words[0]), ": ", os::describe(answer.error()));
  return *std::move(answer);
}

bool is_well(const os::ExitStatus& status) noexcept {
  return status.kind == os::ExitStatus::Kind::Exited && status.value == 0;
}

std::string failed(const std::string& program, std::string_view what) {
  return concat(base::printable(program), ": could not ", what);
}

std::vector<std::string> keyring_words(std::string_view verb, const std::string& id) {
  std::vector<std::string> words{std::string(keyring_program), std::string(verb)};
  if (verb == "store") words.emplace_back("--label=Enarx");
  for (const std::string_view each : {"service", "enarx", "username"}) words.emplace_back(each);
  words.push_back(id);
  return words;
}

std::string trimmed(core::ByteView output) {
  std::string_view text = core::as_text(output);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  return std::string(text);
}

}  // namespace

std::string_view name_of(StoreKind kind) noexcept { return names[static_cast<std::size_t>(kind)]; }

std::optional<StoreKind> find_store_kind(std::string_view name) noexcept {
  for (const StoreKind kind : {StoreKind::Helper, StoreKind::Keyring, StoreKind::File}) {
    if (name == name_of(kind)) return kind;
  }
  return std::nullopt;
}

SecretStore SecretStore::helper(std::string program) {
  return {StoreKind::Helper, std::move(program)};
}
SecretStore SecretStore::keyring() { return {StoreKind::Keyring, std::string(keyring_program)}; }
SecretStore SecretStore::files(std::string folder) { return {StoreKind::File, std::move(folder)}; }

/// Never "." or "..", and without a "/".
std::string SecretStore::path_of(const std::string& id) const {
  return concat(place_, "/secret-", codec::encode_percent(id));
}

Result<std::optional<std::string>> SecretStore::show(const std::string& id) const {
  std::string secret;
  if (kind_ == StoreKind::File) {
    const std::string path = path_of(id);
    if (!os::exists(path)) return std::optional<std::string>();
    const auto file = os::open_file(path);
    if (!file) return concat(base::printable(path), ": ", os::describe(file.error()));
    const auto bytes = os::read_all(*file, max_secret);
    if (!bytes) return concat(base::printable(path), ": ", os::describe(bytes.error()));
    secret = trimmed(*bytes);
  } else {
    const bool helps = kind_ == StoreKind::Helper;
    const auto words =
        helps ? std::vector<std::string>{place_, "show", id} : keyring_words("lookup", id);
    const auto answer = TRY(run(words, {}));
    // Both end so when they have none.
    if (is_well(answer.status)) secret = trimmed(answer.output);
  }
  if (secret.empty()) return std::optional<std::string>();
  return std::optional(std::move(secret));
}

Result<void> SecretStore::insert(const std::string& id, const std::string& secret) const {
  if (kind_ == StoreKind::File) {
    std::error_code error;
    std::filesystem::create_directories(place_, error);
    std::filesystem::permissions(place_, std::filesystem::perms::owner_all, error);
    if (error) return concat(base::printable(place_), ": ", error.message());
    const auto written = os::replace_file(path_of(id), core::as_bytes(std::string_view(secret)));
    if (!written) return concat(base::printable(path_of(id)), ": ", os::describe(written.error()));
    return {};
  }
  const bool helps = kind_ == StoreKind::Helper;
  const auto words =
      helps ? std::vector<std::string>{place_, "insert", id} : keyring_words("store", id);
  const auto answer = TRY(run(words, secret));
  if (!is_well(answer.status)) return failed(words[0], "keep the token");
  return {};
}

Result<bool> SecretStore::remove(const std::string& id) const {
  if (kind_ == StoreKind::Helper) return false;
  if (kind_ == StoreKind::File) {
    std::error_code error;
    std::filesystem::remove(path_of(id), error);
    if (error) return concat(base::printable(path_of(id)), ": ", error.message());
    return true;
  }
  TRY(run(keyring_words("clear", id), {}));
  return true;
}

}  // namespace merlon::login
