#include "merlon/container/cgroups.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>

#include "merlon/base/text.h"
#include "merlon/os/container.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::container {

using base::concat;

namespace {

constexpr std::string_view members = "/cgroup.procs";

/// Takes the part before `separator` off the text.
std::string_view cut(std::string_view& text, char separator) {
  const std::string_view part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) parts.emplace_back(cut(text, separator));
  return parts;
}

bool has(const std::vector<std::string>& all, std::string_view one) {
  return std::ranges::find(all, one) != all.end();
}

/// This process's group in the hierarchy with that controller; of version 2 for "".
std::string own_group(std::string_view text, const std::string& controller) {
  while (!text.empty()) {
    std::string_view line = cut(text, '\n');
    cut(line, ':');
    const auto names = split(cut(line, ':'), ',');
    const bool is_it = controller.empty() ? names.empty() : has(names, controller);
    if (is_it) return line == "/" ? "" : std::string(line);
  }
  return "";
}

std::string read_text(const std::string& path) {
  constexpr std::size_t most = 4UL << 20U;
  const auto file = os::open_file(path);
  const auto bytes =
      file ? os::read_all(*file, most) : os::Result<std::vector<std::uint8_t>>(file.error());
  return bytes ? std::string(core::as_text(*bytes)) : "";
}

Refusal unwritable(const std::string& path, os::Errno reason) {
  return {concat("control group ", base::printable(path), ": ", os::describe(reason))};
}

Checked<void> set(const std::string& path, std::string_view text) {
  const auto written = os::write_setting(path, core::as_bytes(text));
  if (written) return {};
  return unwritable(path, written.error());
}

bool is_directory(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

/// "a-b.slice" lies in "a.slice".
std::string slice_path(std::string_view slice) {
  std::string_view stem = slice;
  stem.remove_suffix(std::string_view(".slice").size());
  std::string path;
  if (stem.empty() || stem == "-") return path;
  for (std::size_t at = stem.find('-'); at != std::string_view::npos; at = stem.find('-', at + 1)) {
    path += concat("/", stem.substr(0, at), ".slice");
  }
  return concat(path, "/", slice);
}

bool is_plain_path(std::string_view path) {
  for (const std::string& name : split(path, '/')) {
    if (name == "." || name == "..") return false;
  }
  return path.find('\n') == std::string_view::npos;
}

/// A new group of cpusets has none, and takes no process until it does.
void inherit_cpusets(const std::string& parent, const std::string& child) {
  for (const std::string_view file : {"/cpuset.cpus", "/cpuset.mems"}) {
    const std::string now = read_text(child + std::string(file));
    if (now.find_first_of("0123456789") != std::string::npos) continue;
    const std::string text = read_text(parent + std::string(file));
    static_cast<void>(os::write_setting(child + std::string(file), core::as_bytes(text)));
  }
}

/// Lends what there is to groups below; each by itself, since one that is not there refuses all.
void lend_controllers(const std::string& path) {
  for (const std::string_view each : {"+cpu", "+cpuset", "+memory", "+pids", "+io"}) {
    static_cast<void>(
        os::write_setting(concat(path, "/cgroup.subtree_control"), core::as_bytes(each)));
  }
}

Checked<void> make_group(const Hierarchy& hierarchy, const std::string& directory) {
  std::string path = hierarchy.mount;
  for (const std::string& name : split(directory.substr(hierarchy.mount.size()), '/')) {
    if (name.empty()) continue;
    const std::string parent = path;
    path += concat("/", name);
    if (hierarchy.controllers.front().empty()) lend_controllers(parent);
    std::error_code error;
    std::filesystem::create_directory(path, error);
    if (error && !is_directory(path)) {
      return Refusal{concat("control group ", base::printable(path), ": ", error.message())};
    }
    if (has(hierarchy.controllers, "cpuset")) inherit_cpusets(parent, path);
  }
  return {};
}

std::string limit_text(std::int64_t limit, std::string_view none) {
  return limit < 0 ? std::string(none) : concat(limit);
}

std::vector<GroupSetting> settings_v1(const Hierarchy& hierarchy, const Resources& resources) {
  std::vector<GroupSetting> all;
  if (has(hierarchy.controllers, "memory")) {
    const auto& limit = resources.memory_limit;
    const auto& both = resources.memory_and_swap_limit;
    if (limit && *limit != 0) all.push_back({"memory.limit_in_bytes", limit_text(*limit, "-1")});
    if (both && *both != 0) {
      all.push_back({"memory.memsw.limit_in_bytes", limit_text(*both, "-1"), true});
    }
    if (const auto& soft = resources.memory_reservation; soft && *soft != 0) {
      all.push_back({"memory.soft_limit_in_bytes", limit_text(*soft, "-1")});
    }
  }
  if (has(hierarchy.controllers, "cpu")) {
    if (resources.cpu_shares.value_or(0) != 0) {
      all.push_back({"cpu.shares", concat(*resources.cpu_shares)});
    }
    if (resources.cpu_period.value_or(0) != 0) {
      all.push_back({"cpu.cfs_period_us", concat(*resources.cpu_period)});
    }
    if (resources.cpu_quota.value_or(0) != 0) {
      all.push_back({"cpu.cfs_quota_us", limit_text(*resources.cpu_quota, "-1")});
    }
  }
  return all;
}

std::vector<GroupSetting> settings_v2(const Resources& resources) {
  std::vector<GroupSetting> all;
  const auto& limit = resources.memory_limit;
  if (limit && *limit != 0) all.push_back({"memory.max", limit_text(*limit, "max")});
  if (const auto& both = resources.memory_and_swap_limit; both && *both != 0) {
    const bool finite = *both > 0 && limit && *limit > 0 && *both >= *limit;
    if (finite || *both < 0) {
      all.push_back(
          {"memory.swap.max", finite ? concat(*both - *limit) : std::string("max"), true});
    }
  }
  if (const auto& soft = resources.memory_reservation; soft && *soft != 0) {
    all.push_back({"memory.low", limit_text(*soft, "max")});
  }
  if (const auto shares = resources.cpu_shares.value_or(0); shares != 0) {
    // 2 to 262144 there, 1 to 10000 here.
    const std::uint64_t within = std::clamp<std::uint64_t>(shares, 2, 262'144);
    all.push_back({"cpu.weight", concat(1 + (within - 2) * 9999 / 262'142)});
  }
  if (resources.cpu_quota.value_or(0) != 0 || resources.cpu_period.value_or(0) != 0) {
    constexpr std::uint64_t usual_period = 100'000;
    const std::int64_t quota = resources.cpu_quota.value_or(-1);
    const std::uint64_t period = resources.cpu_period.value_or(0);
    all.push_back({"cpu.max", concat(limit_text(quota == 0 ? -1 : quota, "max"), " ",
                                     period == 0 ? usual_period : period)});
  }
  for (const auto& [file, text] : resources.unified) all.push_back({file, text});
  return all;
}

}  // namespace

std::vector<Hierarchy> hierarchies_in(std::string_view mounts, std::string_view own) {
  std::vector<Hierarchy> first;
  std::vector<Hierarchy> second;
  while (!mounts.empty()) {
    // "36 35 98:0 /root /mount options - type source superoptions"
    const std::vector<std::string> words = split(cut(mounts, '\n'), ' ');
    const auto dash = std::ranges::find(words, "-");
    constexpr std::size_t mount_word = 4;
    if (words.size() <= mount_word || words.end() - dash < 4) continue;
    const std::string& mount = words[mount_word];
    if (dash[1] == "cgroup2") second.push_back({{""}, mount, own_group(own, "")});
    if (dash[1] != "cgroup") continue;
    Hierarchy hierarchy{{}, mount, ""};
    constexpr std::array<std::string_view, 14> known{
        "cpu",   "cpuacct", "cpuset",     "memory",   "pids",    "devices", "freezer",
        "blkio", "net_cls", "perf_event", "net_prio", "hugetlb", "rdma",    "name=systemd"};
    for (const std::string& option : split(dash[3], ',')) {
      if (std::ranges::find(known, option) != known.end()) hierarchy.controllers.push_back(option);
    }
    if (hierarchy.controllers.empty()) continue;
    hierarchy.own = own_group(own, hierarchy.controllers.front());
    const auto same = [&](const Hierarchy& other) {
      return other.controllers == hierarchy.controllers;
    };
    if (std::ranges::none_of(first, same)) first.push_back(std::move(hierarchy));
  }
  const auto has_memory = [](const Hierarchy& each) { return has(each.controllers, "memory"); };
  if (std::ranges::any_of(first, has_memory)) return first;
  if (second.size() > 1) second.resize(1);
  return second;
}

Checked<std::vector<Hierarchy>> hierarchies() {
  return hierarchies_in(read_text("/proc/self/mountinfo"), read_text("/proc/self/cgroup"));
}

Checked<GroupPlace> place_of(std::string_view path, std::string_view id, bool systemd) {
  const Refusal wrong{concat("linux.cgroupsPath: ", base::quoted(path),
                             " is neither a path nor SLICE:PREFIX:NAME")};
  if (!is_plain_path(path)) return wrong;
  const auto parts = std::ranges::count(path, ':');
  if (path.find('/') == std::string_view::npos && (systemd || parts == 2) && !path.empty()) {
    std::string_view rest = path;
    std::string slice(cut(rest, ':'));
    const std::string_view prefix = cut(rest, ':');
    const std::string_view name = rest;
    if (parts != 2 || name.empty()) return wrong;
    if (slice.empty()) slice = "system.slice";
    if (!slice.ends_with(".slice")) return wrong;
    const bool whole = name.ends_with(".slice") || prefix.empty();
    std::string unit(name);
    if (!whole) unit = concat(prefix, "-", name, ".scope");
    if (prefix.empty() && !name.ends_with(".slice")) unit += ".scope";
    return GroupPlace{concat(slice_path(slice), "/", unit), false};
  }
  if (path.empty()) return GroupPlace{concat("/merlon-", id), true};
  std::string plain;
  for (const std::string& name : split(path, '/')) {
    if (!name.empty()) plain += concat("/", name);
  }
  if (plain.empty()) return wrong;
  return GroupPlace{plain, path[0] != '/'};
}

std::vector<std::string> directories_of(const std::vector<Hierarchy>& all,
                                        const GroupPlace& place) {
  std::vector<std::string> directories;
  for (const Hierarchy& each : all) {
    // Within a container, what /proc says of this process may not be there.
    std::string own = concat(each.mount, each.own);
    // A group of version 2 that has processes lends its controllers to none below it.
    const bool unified = each.controllers.front().empty();
    if (unified && !each.own.empty()) own.resize(own.rfind('/'));
    const std::string& base = place.below_own && is_directory(own) ? own : each.mount;
    directories.push_back(concat(base, place.path));
  }
  return directories;
}

std::vector<GroupSetting> settings_of(const Hierarchy& hierarchy, const Resources& resources) {
  const bool unified = hierarchy.controllers.front().empty();
  auto all = unified ? settings_v2(resources) : settings_v1(hierarchy, resources);
  if (unified || has(hierarchy.controllers, "cpuset")) {
    if (!resources.cpus.empty()) all.push_back({"cpuset.cpus", resources.cpus});
    if (!resources.memories.empty()) all.push_back({"cpuset.mems", resources.memories});
  }
  if (unified || has(hierarchy.controllers, "pids")) {
    const std::int64_t most = resources.processes.value_or(0);
    if (most != 0) all.push_back({"pids.max", limit_text(most, "max")});
  }
  return all;
}

Checked<void> make_groups(const std::vector<Hierarchy>& all,
                          const std::vector<std::string>& directories, const Resources& resources) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    TRY(make_group(all[i], directories[i]));
    for (const GroupSetting& each : settings_of(all[i], resources)) {
      const std::string path = concat(directories[i], "/", each.file);
      if (!os::exists(path)) {
        if (each.optional) continue;
        return unwritable(path, os::Errno::Noent);
      }
      TRY(set(path, each.text));
    }
  }
  return {};
}

Checked<void> join(const std::vector<std::string>& directories) {
  for (const std::string& each : directories) {
    // Version 1. Moving another process makes the kernel wait for all processors, 5 to 45 ms;
    // moving the one thread that asks does not.
    const std::string thread = concat(each, "/tasks");
    TRY(set(os::exists(thread) ? thread : concat(each, members), "0"));
  }
  return {};
}

std::vector<std::int64_t> processes_in(const std::vector<std::string>& directories) {
  std::set<std::int64_t> all;
  for (const std::string& each : directories) {
    const std::string text = read_text(concat(each, members));
    for (const std::string& line : split(text, '\n')) {
      const auto number = base::parse_decimal(line);
      if (number && *number > 0) all.insert(static_cast<std::int64_t>(*number));
    }
  }
  return {all.begin(), all.end()};
}

void signal_others(const std::vector<std::string>& directories, int number, std::int64_t spared) {
  for (const std::int64_t process : processes_in(directories)) {
    if (process == spared) continue;
    const auto is_in_them = [&] {
      const std::vector<std::int64_t> now = processes_in(directories);
      return std::ranges::find(now, process) != now.end();
    };
    static_cast<void>(os::signal_process(process, number, is_in_them));
  }
}

Checked<void> clear_groups(const std::vector<std::string>& directories) {
  constexpr std::chrono::milliseconds pause{5};
  constexpr int patience = 200;
  std::string left;
  for (int i = 0; i < patience; ++i) {
    signal_others(directories, SIGKILL, 0);
    left.clear();
    for (const std::string& each : directories) {
      std::error_code error;
      // Files in it are the kernel's; rmdir is asked for the directory alone.
      std::filesystem::remove(each, error);
      if (is_directory(each)) left = each;
    }
    if (left.empty()) return {};
    static_cast<void>(os::poll({}, pause));
  }
  return Refusal{concat("control group ", base::printable(left), ": cannot be taken away yet")};
}

}  // namespace merlon::container
