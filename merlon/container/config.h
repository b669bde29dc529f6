#pragma once

// config.json of a bundle [OCI-RUNTIME 1.1 config.md, config-linux.md], as far as it matters to a
// container whose process is a keep. The text comes from an engine, and much of it from whoever
// made the image or the pod: it is attacker-controlled. What a keep gives by itself (no system
// calls, no privileges, no other processes to see) is passed over; what it cannot honour is refused
// by its name. Pure; any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/container/refusal.h"

namespace merlon::container {

inline constexpr std::size_t max_config_size = 4UL << 20U;
inline constexpr std::string_view oci_version = "1.1.0";

struct Hook {
  std::string path;  ///< absolute
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::uint32_t timeout_seconds = 0;  ///< 0: none was given
};

struct Hooks {
  std::vector<Hook> prestart, create_runtime, create_container, poststart, poststop;
};

struct Mount {
  enum class Kind : std::uint8_t { Directory, Memory };
  Kind kind = Kind::Directory;
  std::string destination;  ///< os::is_canonical_path
  std::string source;       ///< of a Directory; relative to the bundle unless absolute
  bool read_only = false;
};

struct ResourceLimit {
  std::string name;  ///< os::is_resource_name
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

struct Process {
  bool terminal = false;
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::vector<std::uint32_t> groups;
  std::optional<std::uint32_t> file_mask;
  std::vector<std::string> arguments;  ///< one at least
  std::vector<std::string> environment;
  std::string directory;  ///< absolute
  std::vector<ResourceLimit> limits;
  std::optional<std::int64_t> oom_score;
};

/// What control groups are to hold; nothing where nothing was said. -1 is no limit.
struct Resources {
  std::optional<std::int64_t> memory_limit, memory_and_swap_limit, memory_reservation;
  std::optional<std::uint64_t> cpu_shares, cpu_period;
  std::optional<std::int64_t> cpu_quota;
  std::string cpus, memories;
  std::optional<std::int64_t> processes;
  std::map<std::string, std::string> unified;  ///< files of cgroup v2 and their texts
};

struct Network {
  enum class Kind : std::uint8_t { Host, New, Joined };
  Kind kind = Kind::Host;
  std::string path;  ///< of Joined; absolute
};

/// Ids in the container and of this machine [user_namespaces(7)].
struct IdMapping {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t size = 0;
};

struct Config {
  Process process;
  std::string root;  ///< of its files; relative to the bundle unless absolute
  bool root_read_only = false;
  std::vector<Mount> mounts;
  Hooks hooks;
  std::map<std::string, std::string> annotations;
  std::string cgroups_path;
  Resources resources;
  Network network;
  bool own_users = false;  ///< a user namespace is asked for
  std::vector<IdMapping> users, groups;
  std::vector<std::pair<std::string, std::string>> settings;  ///< of the network; "net.ipv4.x"

  /// What is passed over although somebody may miss it, one line each.
  std::vector<std::string> notes;
};

/// Enough to tell whose container it is, of a bundle that may be for another runtime.
struct Outline {
  std::string root;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::string directory;
  std::map<std::string, std::string> annotations;
};
[[nodiscard]] Checked<Outline> read_outline(std::string_view text);

/// Errors name the key: "config.json: linux.devices: …".
[[nodiscard]] Checked<Config> read_config(std::string_view text);

/// The id of this machine that `inside` is; nothing if there is none.
[[nodiscard]] std::optional<std::uint32_t> outside_of(const std::vector<IdMapping>& mappings,
                                                      std::uint32_t inside);

}  // namespace merlon::container
