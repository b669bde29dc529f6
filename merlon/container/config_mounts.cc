#include "merlon/container/config_mounts.h"

#include <algorithm>
#include <array>

#include "merlon/os/path.h"

namespace merlon::container {

using base::concat;

namespace {

constexpr std::array<std::string_view, 6> of_the_kernel{"proc",    "sysfs",  "cgroup",
                                                        "cgroup2", "devpts", "mqueue"};

/// Names, addresses and messages: files that an engine puts there by itself.
constexpr std::array<std::string_view, 14> of_engines{"/etc/hosts",
                                                      "/etc/hostname",
                                                      "/etc/resolv.conf",
                                                      "/run/.containerenv",
                                                      "/.dockerenv",
                                                      "/dev",
                                                      "/dev/shm",
                                                      "/dev/mqueue",
                                                      "/dev/termination-log",
                                                      "/proc",
                                                      "/sys",
                                                      "/sys/fs/cgroup",
                                                      "/run",
                                                      "/run/lock"};

bool is_below(std::string_view path, std::string_view folder) {
  return path == folder || path.starts_with(concat(folder, "/"));
}

/// "/a//b/../c/" as "/a/c"; nothing if it leads above the root.
std::optional<std::string> canonical(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), name.size() + 1));
    if (name.empty() || name == ".") continue;
    if (name != "..") {
      names.push_back(name);
    } else if (names.empty()) {
      return std::nullopt;
    } else {
      names.pop_back();
    }
  }
  std::string text;
  for (const std::string_view name : names) text += concat("/", name);
  return text.empty() ? "/" : text;
}

/// What is mounted later hides what was there.
void put(Mount mount, Config& config) {
  std::erase_if(config.mounts,
                [&](const Mount& other) { return other.destination == mount.destination; });
  config.mounts.push_back(std::move(mount));
}

Checked<void> read_mount(const Member& mount, Config& config) {
  const std::string type = TRY(mount["type"].text(64));
  const std::string given = TRY(mount["destination"].text(os::max_path_size));
  const auto destination = given.empty() ? std::nullopt : canonical(given);
  if (!destination || !os::is_canonical_path(*destination)) {
    return mount["destination"].refusal("must be a path within the container");
  }
  const std::vector<std::string> options = TRY(mount["options"].texts(64, 4096));
  const auto has = [&](std::string_view option) {
    return std::ranges::find(options, option) != options.end();
  };
  const std::string what =
      concat("of type ", base::quoted(type, 40), " at ", base::quoted(*destination, 120));
  if (std::ranges::find(of_the_kernel, type) != of_the_kernel.end()) return {};
  const bool binds = type == "bind" || has("bind") || has("rbind");
  if (is_of_the_machine(*destination)) return {};
  if (is_below(*destination, "/dev") || is_below(*destination, "/proc") ||
      is_below(*destination, "/sys")) {
    // What an engine mounts there by default is the machine's; a directory of the user's is not.
    if (!binds) return {};
    return mount.refusal(concat(what, ": a keep has no such place"));
  }
  if (!mount["uidMappings"].is_empty() || has("idmap") || has("ridmap")) {
    return mount.refusal(concat(what, ": ids are not mapped here"));
  }
  const bool read_only = has("ro") || has("rro");
  if (binds) {
    const std::string source = TRY(mount["source"].text(os::max_path_size));
    if (source.empty()) return mount["source"].refusal("is missing");
    put({Mount::Kind::Directory, *destination, source, read_only}, config);
    return {};
  }
  if (type != "tmpfs") {
    return mount.refusal(concat(what, ": a keep takes directories (bind) and memory (tmpfs)"));
  }
  if (read_only) return mount.refusal(concat(what, ": memory that nobody can write to"));
  put({Mount::Kind::Memory, *destination, "", false}, config);
  return {};
}

}  // namespace

bool is_of_the_machine(std::string_view destination) {
  return std::ranges::find(of_engines, destination) != of_engines.end();
}

Checked<void> read_mounts(const Member& mounts, Config& config) {
  const std::vector<Member> all = TRY(mounts.items(1024));
  for (const Member& each : all) TRY(read_mount(each, config));
  return {};
}

}  // namespace merlon::container
