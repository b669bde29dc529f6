#include "merlon/container/config.h"

#include <algorithm>
#include <array>

#include "merlon/container/config_mounts.h"
#include "merlon/container/config_reader.h"
#include "merlon/os/container.h"
#include "merlon/os/path.h"

namespace merlon::container {

using base::concat;
using codec::JsonKind;

namespace {

constexpr std::size_t most_words = 16384;
constexpr std::size_t longest_word = 131071;  // MAX_ARG_STRLEN less its NUL
constexpr std::size_t most_entries = 4096;
constexpr std::size_t longest_text = 4096;
constexpr std::uint64_t largest_id = 0xFFFF'FFFE;

Checked<std::string> absolute(const Member& member) {
  std::string path = TRY(member.text(os::max_path_size));
  if (path.starts_with('/')) return path;
  return member.refusal("must be an absolute path");
}

Checked<void> read_user(const Member& user, Process& process) {
  TRY(user.must_be(JsonKind::Object, "an object"));
  process.user = static_cast<std::uint32_t>(TRY(user["uid"].number(largest_id)).value_or(0));
  process.group = static_cast<std::uint32_t>(TRY(user["gid"].number(largest_id)).value_or(0));
  const auto mask = TRY(user["umask"].number(0777));
  if (mask) process.file_mask = static_cast<std::uint32_t>(*mask);
  const std::vector<Member> groups = TRY(user["additionalGids"].items(most_entries));
  for (const Member& group : groups) {
    process.groups.push_back(static_cast<std::uint32_t>(TRY(group.number(largest_id)).value_or(0)));
  }
  return {};
}

Checked<void> read_limits(const Member& limits, Process& process) {
  const std::vector<Member> all = TRY(limits.items(64));
  for (const Member& each : all) {
    ResourceLimit limit;
    limit.name = TRY(each["type"].text(64));
    limit.soft = TRY(each["soft"].number(~std::uint64_t{0})).value_or(0);
    limit.hard = TRY(each["hard"].number(~std::uint64_t{0})).value_or(0);
    if (!os::is_resource_name(limit.name)) {
      return each.refusal(concat("there is no limit ", base::quoted(limit.name, 80)));
    }
    const auto same = [&](const ResourceLimit& other) { return other.name == limit.name; };
    if (std::ranges::any_of(process.limits, same)) return each.refusal("is there twice");
    process.limits.push_back(std::move(limit));
  }
  return {};
}

Checked<void> read_words(const Member& process, Process& into) {
  into.arguments = TRY(process["args"].texts(most_words, longest_word));
  if (into.arguments.empty() || into.arguments[0].empty()) {
    return process["args"].refusal("names no program");
  }
  into.environment = TRY(process["env"].texts(most_words, longest_word));
  for (const std::string& variable : into.environment) {
    const std::size_t equals = variable.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return process["env"].refusal(concat(base::quoted(variable, 80), " is no NAME=VALUE"));
    }
  }
  return {};
}

Checked<Process> read_process(const Member& process) {
  TRY(process.must_be(JsonKind::Object, "an object"));
  if (!process.is_there()) return process.refusal("is missing");
  Process read;
  read.terminal = TRY(process["terminal"].truth());
  constexpr std::uint64_t widest = 65535;
  const Member size = process["consoleSize"];
  read.rows = static_cast<std::uint16_t>(TRY(size["height"].number(widest)).value_or(0));
  read.columns = static_cast<std::uint16_t>(TRY(size["width"].number(widest)).value_or(0));
  TRY(read_user(process["user"], read));
  TRY(read_words(process, read));
  read.directory = TRY(absolute(process["cwd"]));
  TRY(read_limits(process["rlimits"], read));
  read.oom_score = TRY(process["oomScoreAdj"].integer());
  constexpr std::int64_t most = 1000;
  if (read.oom_score && (*read.oom_score > most || *read.oom_score < -most)) {
    return process["oomScoreAdj"].refusal("must be from -1000 to 1000");
  }
  return read;
}

Checked<std::vector<Hook>> read_hooks(const Member& hooks) {
  std::vector<Hook> all;
  const std::vector<Member> members = TRY(hooks.items(256));
  for (const Member& each : members) {
    Hook hook;
    hook.path = TRY(absolute(each["path"]));
    hook.arguments = TRY(each["args"].texts(most_words, longest_word));
    hook.environment = TRY(each["env"].texts(most_words, longest_word));
    constexpr std::uint64_t a_day = 86400;
    const auto timeout = TRY(each["timeout"].number(a_day));
    if (timeout == 0) return each["timeout"].refusal("must be more than nothing");
    hook.timeout_seconds = static_cast<std::uint32_t>(timeout.value_or(0));
    all.push_back(std::move(hook));
  }
  return all;
}

Checked<Hooks> read_all_hooks(const Member& hooks) {
  TRY(hooks.must_be(JsonKind::Object, "an object"));
  Hooks all;
  all.prestart = TRY(read_hooks(hooks["prestart"]));
  all.create_runtime = TRY(read_hooks(hooks["createRuntime"]));
  all.create_container = TRY(read_hooks(hooks["createContainer"]));
  all.poststart = TRY(read_hooks(hooks["poststart"]));
  all.poststop = TRY(read_hooks(hooks["poststop"]));
  const auto inside = TRY(read_hooks(hooks["startContainer"]));
  if (inside.empty()) return all;
  return hooks["startContainer"].refusal(
      "a program within the container, and a keep runs none but its workload");
}

Checked<Resources> read_resources(const Member& resources) {
  TRY(resources.must_be(JsonKind::Object, "an object"));
  constexpr std::uint64_t largest = 1'000'000'000'000;
  Resources read;
  const Member memory = resources["memory"];
  read.memory_limit = TRY(memory["limit"].integer());
  read.memory_and_swap_limit = TRY(memory["swap"].integer());
  read.memory_reservation = TRY(memory["reservation"].integer());
  if (TRY(memory["disableOOMKiller"].truth())) {
    return memory["disableOOMKiller"].refusal("a keep beyond its memory is ended, not held up");
  }
  const Member cpu = resources["cpu"];
  read.cpu_shares = TRY(cpu["shares"].number(largest));
  read.cpu_period = TRY(cpu["period"].number(largest));
  read.cpu_quota = TRY(cpu["quota"].integer());
  for (const std::string_view realtime : {"realtimeRuntime", "realtimePeriod"}) {
    if (!cpu[realtime].is_empty()) return cpu[realtime].refusal("keeps have no real-time priority");
  }
  read.cpus = TRY(cpu["cpus"].text(longest_text));
  read.memories = TRY(cpu["mems"].text(longest_text));
  const auto is_list = [](char c) { return (c >= '0' && c <= '9') || c == ',' || c == '-'; };
  if (!std::ranges::all_of(read.cpus, is_list)) return cpu["cpus"].refusal("must be like 0-3,7");
  if (!std::ranges::all_of(read.memories, is_list)) return cpu["mems"].refusal("must be like 0-3");
  read.processes = TRY(resources["pids"]["limit"].integer());
  for (const std::string_view rate : {"throttleReadBpsDevice", "throttleWriteBpsDevice",
                                      "throttleReadIOPSDevice", "throttleWriteIOPSDevice"}) {
    const Member limit = resources["blockIO"][rate];
    if (!limit.is_empty()) return limit.refusal("this runtime limits no block device");
  }
  read.unified = TRY(resources["unified"].text_map(256, longest_text));
  for (const auto& [file, text] : read.unified) {
    const auto is_name = [](char c) { return (c >= 'a' && c <= 'z') || c == '.' || c == '_'; };
    const bool controls = std::ranges::all_of(file, is_name) && !file.starts_with("cgroup.") &&
                          file.find('.') != std::string::npos &&
                          file.find("..") == std::string::npos;
    if (!controls) {
      return resources["unified"].refusal(
          concat(base::quoted(file, 80), " is no controller's file"));
    }
  }
  return read;
}

Checked<void> read_namespaces(const Member& namespaces, Config& config) {
  constexpr std::array<std::string_view, 5> nothing_to_see{"pid", "ipc", "uts", "mount", "cgroup"};
  const std::vector<Member> all = TRY(namespaces.items(64));
  std::vector<std::string> seen;
  for (const Member& each : all) {
    const std::string type = TRY(each["type"].text(64));
    if (std::ranges::find(seen, type) != seen.end()) return each.refusal("is there twice");
    seen.push_back(type);
    const std::string path = TRY(each["path"].text(os::max_path_size));
    if (!path.empty() && path[0] != '/') return each["path"].refusal("must be an absolute path");
    if (type == "network") {
      config.network = {path.empty() ? Network::Kind::New : Network::Kind::Joined, path};
    } else if (type == "user") {
      config.own_users = path.empty();
      if (!path.empty()) return each.refusal("a keep joins no users of another container");
    } else if (type == "time") {
      return each.refusal("a keep has no clock of its own to shift");
    } else if (std::ranges::find(nothing_to_see, type) == nothing_to_see.end()) {
      return each.refusal(concat("there is no kind ", base::quoted(type, 80)));
    }
  }
  return {};
}

Checked<std::vector<IdMapping>> read_mappings(const Member& mappings) {
  std::vector<IdMapping> all;
  const std::vector<Member> members = TRY(mappings.items(340));
  for (const Member& each : members) {
    const auto inside = TRY(each["containerID"].number(largest_id)).value_or(0);
    const auto outside = TRY(each["hostID"].number(largest_id)).value_or(0);
    const auto size = TRY(each["size"].number(largest_id)).value_or(0);
    if (inside + size > largest_id + 1 || outside + size > largest_id + 1) {
      return each.refusal("reaches beyond the last id");
    }
    all.push_back({static_cast<std::uint32_t>(inside), static_cast<std::uint32_t>(outside),
                   static_cast<std::uint32_t>(size)});
  }
  return all;
}

/// Settings of a network that is the container's own; all others are the machine's.
Checked<void> read_settings(const Member& settings, Config& config) {
  const auto all = TRY(settings.text_map(256, longest_text));
  for (const auto& [name, value] : all) {
    const auto is_plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-' ||
             c == '/';
    };
    const bool of_network = name.starts_with("net.") || name.starts_with("net/");
    if (!of_network || !std::ranges::all_of(name, is_plain) ||
        name.find("..") != std::string::npos || config.network.kind != Network::Kind::New) {
      return settings.refusal(concat(base::quoted(name, 80),
                                     " is no setting of a network that is this container's own"));
    }
    config.settings.emplace_back(name, value);
  }
  return {};
}

Checked<void> read_linux(const Member& linux_part, Config& config) {
  TRY(linux_part.must_be(JsonKind::Object, "an object"));
  const Member devices = linux_part["devices"];
  if (!devices.is_empty()) {
    const std::vector<Member> all = TRY(devices.items(most_entries));
    return devices.refusal(concat("a keep has no devices (",
                                  base::quoted(TRY(all.front()["path"].text(longest_text)), 80),
                                  "); a container that wants them, or is privileged, is for a "
                                  "native runtime"));
  }
  for (const std::string_view key : {"intelRdt", "timeOffsets", "personality"}) {
    const Member part = linux_part[key];
    if (!part.is_empty()) return part.refusal("this runtime cannot do that");
  }
  config.cgroups_path = TRY(linux_part["cgroupsPath"].text(longest_text));
  config.resources = TRY(read_resources(linux_part["resources"]));
  TRY(read_namespaces(linux_part["namespaces"], config));
  config.users = TRY(read_mappings(linux_part["uidMappings"]));
  config.groups = TRY(read_mappings(linux_part["gidMappings"]));
  return read_settings(linux_part["sysctl"], config);
}

Checked<codec::JsonDocument> parse(std::string_view text) {
  if (text.size() > max_config_size) return Refusal{"config.json: is too large"};
  auto document = codec::JsonDocument::parse(text);
  if (!document) {
    return Refusal{concat("config.json: ", document.error().message(), " (byte ",
                          document.error().detail, ")")};
  }
  if (document->root().kind() != JsonKind::Object) return Refusal{"config.json: is no object"};
  return *std::move(document);
}

Checked<std::map<std::string, std::string>> annotations_of(const Member& root) {
  constexpr std::size_t longest_annotation = 262144;
  return root["annotations"].text_map(most_entries, longest_annotation);
}

}  // namespace

Checked<Outline> read_outline(std::string_view text) {
  const codec::JsonDocument document = TRY(parse(text));
  const Member root(&document.root(), "");
  Outline outline;
  outline.root = TRY(root["root"]["path"].text(os::max_path_size));
  outline.arguments = TRY(root["process"]["args"].texts(most_words, longest_word));
  outline.environment = TRY(root["process"]["env"].texts(most_words, longest_word));
  outline.directory = TRY(root["process"]["cwd"].text(os::max_path_size));
  outline.annotations = TRY(annotations_of(root));
  return outline;
}

Checked<Config> read_config(std::string_view text) {
  const codec::JsonDocument document = TRY(parse(text));
  const Member root(&document.root(), "");
  const std::string version = TRY(root["ociVersion"].text(64));
  if (!version.starts_with("1.")) {
    return root["ociVersion"].refusal(concat(base::quoted(version), " is no version 1"));
  }
  for (const std::string_view other : {"windows", "solaris", "vm", "zos"}) {
    if (root[other].is_there()) return root[other].refusal("this machine runs Linux");
  }
  Config config;
  config.process = TRY(read_process(root["process"]));
  config.root = TRY(root["root"]["path"].text(os::max_path_size));
  if (config.root.empty()) return root["root"]["path"].refusal("is missing");
  config.root_read_only = TRY(root["root"]["readonly"].truth());
  config.hooks = TRY(read_all_hooks(root["hooks"]));
  config.annotations = TRY(annotations_of(root));
  TRY(read_linux(root["linux"], config));
  TRY(read_mounts(root["mounts"], config));
  return config;
}

std::optional<std::uint32_t> outside_of(const std::vector<IdMapping>& mappings,
                                        std::uint32_t inside) {
  for (const IdMapping& each : mappings) {
    if (inside >= each.inside && inside - each.inside < each.size) {
      return each.outside + (inside - each.inside);
    }
  }
  return std::nullopt;
}

}  // namespace merlon::container
