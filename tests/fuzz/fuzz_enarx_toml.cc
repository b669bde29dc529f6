// Any bytes as Enarx.toml: parsed into a Config that keeps its guarantees, or refused in one line.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "merlon/core/bytes.h"
#include "merlon/workload/config.h"
#include "merlon/workload/url.h"

namespace {

using namespace merlon::workload;

void require(bool condition) {
  if (!condition) std::abort();
}

bool clean(const std::string& text) { return text.find('\0') == std::string::npos; }

void check_file(const File& file) {
  require(clean(name_of(file)));
  const auto* connect = std::get_if<ConnectFile>(&file);
  const bool is_host = connect != nullptr && connect->name == connect->host;
  require(is_host || name_of(file).find(':') == std::string::npos);
}

void check_config(const Config& config) {
  for (const auto& argument : config.arguments()) require(clean(argument));
  for (const auto& [name, value] : config.environment()) require(clean(name) && clean(value));
  for (const auto& file : config.files()) check_file(file);
  require(!config.steward() || is_absolute_url(*config.steward()));
}

void check_error(const ConfigError& error) {
  require(!error.what.empty());
  for (const char c : error.text()) require(static_cast<unsigned char>(c) >= 0x20);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = merlon::core::as_text({data, size});
  const auto config = Config::parse(text, "Enarx.toml");
  if (config) {
    check_config(*config);
  } else {
    check_error(config.error());
  }
  return 0;
}
