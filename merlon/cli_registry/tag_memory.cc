#include "merlon/cli_registry/tag_memory.h"

#include <algorithm>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/command/state_path.h"
#include "merlon/crypto/hash.h"
#include "merlon/oci/reference.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {

using base::concat;

namespace {

constexpr std::size_t largest = 4096;

constexpr std::string_view pin = "@sha-256=";

}  // namespace

TagMemory TagMemory::of(const cli::Terminal& terminal) {
  return TagMemory(command::state_path(terminal, "tags"));
}

/// The digest; empty if there is none.
Result<std::string> TagMemory::remembered(const std::string& path, const std::string& name) const {
  if (!os::exists(path)) return std::string();
  const auto file = os::open_file(path);
  if (!file) return Failure{concat(base::printable(path), ": ", os::describe(file.error()))};
  const auto bytes = os::read_all(*file, largest);
  if (!bytes) return Failure{concat(base::printable(path), ": ", os::describe(bytes.error()))};
  std::string_view text = core::as_text(*bytes);
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::size_t at = std::min(text.find('@'), text.size());
  const std::string_view digest = text.substr(std::min(at + pin.size(), text.size()));
  if (text.substr(0, at) != name || !text.substr(at).starts_with(pin) || !oci::is_sha256(digest)) {
    return Failure{concat(base::printable(path), ": does not say which digest a tag had")};
  }
  return std::string(digest);
}

Result<void> TagMemory::check(const registry::Slug& slug, const std::string& digest,
                              bool accept) const {
  registry::Slug bare = slug;
  bare.digest.clear();
  return check(bare.text(), digest, accept);
}

Result<void> TagMemory::check(const std::string& name, const std::string& digest,
                              bool accept) const {
  if (folder_.empty()) {
    return Failure{"neither XDG_STATE_HOME nor HOME says where digests of tags are remembered"};
  }
  const auto key = crypto::sha256({core::as_bytes(std::string_view(name))});
  const std::string path = concat(folder_, "/", base::hex(key.view()));
  if (!accept) {
    const std::string before = TRY(remembered(path, name));
    if (before == digest) return {};
    if (!before.empty()) {
      return Failure{concat(name, ": had the digest sha-256=", before,
                            " when it was last used here, and has sha-256=", digest,
                            " now; --accept-new-digest takes it even so"),
                     Status::Untrue};
    }
  }
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  std::filesystem::permissions(folder_, std::filesystem::perms::owner_all, error);
  if (error) return Failure{concat(base::printable(folder_), ": ", error.message())};
  const std::string record = concat(name, pin, digest, "\n");
  const auto written = os::replace_file(path, core::as_bytes(std::string_view(record)));
  if (!written) return Failure{concat(base::printable(path), ": ", os::describe(written.error()))};
  return {};
}

}  // namespace merlon::cli_registry
