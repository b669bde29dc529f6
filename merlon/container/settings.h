#pragma once

// What stands in /etc/merlon/oci.toml: engines call a runtime by words of their own, so that what
// is of this machine cannot stand there.

#include <optional>
#include <string>
#include <string_view>

#include "merlon/container/refusal.h"
#include "merlon/host/backend.h"

namespace merlon::container {

inline constexpr std::string_view settings_file = "/etc/merlon/oci.toml";

struct Settings {
  std::string native_runtime;  ///< a path or a name in PATH; empty: none
  std::optional<host::Backend> backend;
  std::string simulator = "/var/lib/merlon/simulator";
  std::string sgx_simulator = "/var/lib/merlon/simulator-sgx";
  std::string signatures;  ///< what the keeps' owner signed, of attested ones; empty: nothing
  std::string volumes = "/var/lib/merlon/volumes";
};

/// Every key must be known.
[[nodiscard]] Checked<Settings> parse_settings(std::string_view text, std::string_view file);

/// Those of `file`; where none is named, those of settings_file if there is one.
[[nodiscard]] Checked<Settings> read_settings_of(const std::string& file);

}  // namespace merlon::container
