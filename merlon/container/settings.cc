#include "merlon/container/settings.h"

#include "merlon/base/text.h"
#include "merlon/codec/toml.h"
#include "merlon/os/open.h"

namespace merlon::container {

using base::concat;

namespace {

constexpr std::size_t largest = 65536;

Checked<void> take(Settings& settings, std::string_view key, const std::string& value,
                   std::string_view file) {
  if (value.empty() || value.find('\0') != std::string::npos) {
    return Refusal{concat(file, ": ", key, ": must be a text that is not empty")};
  }
  if (key == "backend") {
    settings.backend = host::find_backend(value);
    if (settings.backend) return {};
    return Refusal{concat(file, ": backend: there is no ", base::quoted(value))};
  }
  if (key == "native-runtime") {
    settings.native_runtime = value;
  } else if (key == "simulator") {
    settings.simulator = value;
  } else if (key == "simulator-sgx") {
    settings.sgx_simulator = value;
  } else if (key == "signatures") {
    settings.signatures = value;
  } else if (key == "volumes") {
    settings.volumes = value;
  } else {
    return Refusal{concat(file, ": there is no key ", base::quoted(key))};
  }
  return {};
}

}  // namespace

Checked<Settings> parse_settings(std::string_view text, std::string_view file) {
  const auto parsed = codec::parse_toml(text);
  if (!parsed) return Refusal{concat(file, ":", parsed.error().line, ": is no TOML")};
  Settings settings;
  for (const auto& [key, node] : *parsed) {
    const auto value = node.value_exact<std::string>();
    if (!value) return Refusal{concat(file, ": ", base::printable(key.str()), ": must be a text")};
    TRY(take(settings, key.str(), *value, file));
  }
  return settings;
}

Checked<Settings> read_settings_of(const std::string& file) {
  const std::string path = file.empty() ? std::string(settings_file) : file;
  const auto opened = os::open_file(path);
  if (!opened && opened.error() == os::Errno::Noent && file.empty()) return Settings{};
  if (!opened) return Refusal{concat(path, ": cannot be read: ", os::describe(opened.error()))};
  const auto bytes = os::read_all(*opened, largest);
  if (!bytes) return Refusal{concat(path, ": cannot be read: ", os::describe(bytes.error()))};
  return parse_settings(core::as_text(*bytes), path);
}

}  // namespace merlon::container
