#pragma once

// What annotations of a container ask for beyond its image: whose workload it is, sockets, Steward,
// limits. They come from whoever wrote the pod, by way of the engine: attacker-controlled; each is
// read whole, and one of ours that is not known is refused, since a word that is misspelt would
// else be a limit that nobody keeps. Pure; any thread.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "merlon/container/config.h"
#include "merlon/container/settings.h"
#include "merlon/door/terms.h"
#include "merlon/workload/config.h"

namespace merlon::container {

/// A socket that the annotations name.
struct Socket {
  door::Place place;
  bool tls = false;
  bool operator==(const Socket&) const = default;
};

struct Asked {
  std::optional<host::Backend> backend;  ///< none: the strongest
  /// The workload comes sealed from a tenant, and nothing of the bundle's becomes it.
  bool sealed = false;
  door::Place door{};   ///< of a sealed one: where the tenant finds it
  door::Terms terms{};  ///< of a sealed one

  // Of one in the image.
  std::optional<std::string> steward{};  ///< URL
  std::optional<std::vector<Socket>> listen{};
  std::optional<std::vector<Socket>> connect{};
  std::string invoke{};
  std::optional<std::chrono::nanoseconds> timeout{};
  std::optional<std::uint64_t> max_memory_bytes{};
};

/// Errors name the annotation, or the key of config.json that a sealed workload leaves no room for.
[[nodiscard]] Checked<Asked> read_asked(const Config& config, const Settings& settings);

/// The Enarx.toml of a module that has none: what the annotations ask for.
[[nodiscard]] Checked<workload::Config> config_of(const Asked& asked);
/// A package's own must ask for nothing beyond the annotations.
[[nodiscard]] Checked<void> check_bounds(const Asked& asked, const workload::Config& config);

}  // namespace merlon::container
