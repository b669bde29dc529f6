// A bundle's config.json, what merlon-oci remembers of a container, and where its groups are.

#include <cstdlib>

#include "merlon/container/cgroups.h"
#include "merlon/container/config.h"
#include "merlon/container/found_workload.h"
#include "merlon/container/settings.h"
#include "merlon/container/state.h"
#include "merlon/core/bytes.h"
#include "merlon/os/path.h"

using namespace merlon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = core::as_text({data, size});
  if (const auto config = container::read_config(text)) {
    for (const container::Mount& mount : config->mounts) {
      if (!os::is_canonical_path(mount.destination)) std::abort();
    }
    const auto place = container::place_of(config->cgroups_path, "id", false);
    if (place &&
        (!place->path.starts_with('/') || (place->path + "/").find("/../") != std::string::npos)) {
      std::abort();
    }
    // Who can read all of it can read the outline.
    if (!container::read_outline(text)) std::abort();
  }
  if (const auto outline = container::read_outline(text)) {
    static_cast<void>(container::told_side(*outline));
  }
  if (const auto state = container::decode(text)) {
    const auto again = container::decode(container::encode(*state));
    if (!again || *again != *state) std::abort();
  }
  static_cast<void>(container::parse_settings(text, "oci.toml"));
  static_cast<void>(container::hierarchies_in(text, text));
  return 0;
}
