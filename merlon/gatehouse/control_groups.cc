#include "merlon/gatehouse/control_groups.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/os/directory.h"
#include "merlon/os/open.h"

namespace merlon::gatehouse {

using base::concat;
using core::Result;

namespace {

constexpr std::string_view members = "/cgroup.procs";
constexpr std::array<std::string_view, 3> controllers{"memory", "cpu", "pids"};

Result<void, std::string> set(const std::string& path, std::string_view text) {
  const auto written = os::write_setting(path, core::as_bytes(text));
  if (written) return {};
  return concat(base::printable(path), ": ", os::describe(written.error()));
}

Result<void, std::string> make_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directory(path, error);
  if (error) return concat(base::printable(path), ": ", error.message());
  return {};
}

/// Only what the kernel lets go: a group that holds a process does not go. Files in it, which are
/// the kernel's, count for nothing there; rmdir is asked for the directory alone.
void remove_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::remove(path, error);
}

bool is_directory(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

/// The path of this process in the hierarchy of `controller`; of version 2 for an empty one.
/// "4:memory:/a", "2:cpu,cpuacct:/b", "0::/c".
std::string own_path(std::string_view text, std::string_view controller) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string names = concat(",", line.substr(first + 1, second - first - 1), ",");
    const bool is_it = controller.empty()
                           ? names == ",,"
                           : names.find(concat(",", controller, ",")) != std::string::npos;
    const std::string_view path = line.substr(second + 1);
    if (is_it) return path == "/" ? std::string() : std::string(path);
  }
  return "";
}

/// What the limits are in the words of a hierarchy: file and text.
std::vector<std::pair<std::string_view, std::string>> words_of(std::string_view controller,
                                                               const GroupLimits& limits) {
  constexpr std::uint64_t period = 100'000;  // microseconds
  const bool unified = controller.empty();
  const std::uint64_t quota = limits.processor_percent * (period / 100);
  std::vector<std::pair<std::string_view, std::string>> words;
  if (limits.memory_bytes != 0 && (unified || controller == "memory")) {
    words.emplace_back(unified ? "/memory.max" : "/memory.limit_in_bytes",
                       concat(limits.memory_bytes));
  }
  if (limits.processor_percent != 0 && unified) {
    words.emplace_back("/cpu.max", concat(quota, " ", period));
  }
  if (limits.processor_percent != 0 && controller == "cpu") {
    words.emplace_back("/cpu.cfs_period_us", concat(period));
    words.emplace_back("/cpu.cfs_quota_us", concat(quota));
  }
  if (limits.processes != 0 && (unified || controller == "pids")) {
    words.emplace_back("/pids.max", concat(limits.processes));
  }
  return words;
}

/// Lends the controllers to directories below. A group of version 2 that does so may hold no
/// process itself: this one moves aside, if it is there.
Result<void, std::string> lend_controllers(const std::string& path, const std::string& home) {
  TRY(make_directory(home));
  constexpr std::string_view wanted = "+memory +cpu +pids";
  const std::string file = concat(path, "/cgroup.subtree_control");
  if (set(file, wanted)) return {};
  TRY(set(concat(home, members), "0"));
  return set(file, wanted);
}

}  // namespace

Group ControlGroups::group_of(const Hierarchy& hierarchy, std::string_view id) const {
  const bool unified = hierarchy.controller.empty();
  return {concat(hierarchy.path, "/", prefix_, id),
          unified ? concat(hierarchy.path, "/merlon-gatehouse") : hierarchy.path};
}

Result<ControlGroups, std::string> ControlGroups::find(const std::string& where,
                                                       std::string_view own,
                                                       const std::string& system,
                                                       std::string_view name) {
  ControlGroups found;
  found.prefix_ = concat("merlon-", name, "-");
  const std::string root = where.empty() ? system : where;
  if (os::exists(concat(root, "/cgroup.controllers"))) {
    found.hierarchies_.push_back({"", concat(root, where.empty() ? own_path(own, "") : "")});
  } else {
    for (const std::string_view each : controllers) {
      const std::string top = concat(root, "/", each);
      // Within a container, what /proc says of it may not be there.
      const std::string below = where.empty() ? concat(top, own_path(own, each)) : top;
      const std::string& path = is_directory(below) ? below : top;
      if (os::exists(concat(path, members)))
        found.hierarchies_.push_back({std::string(each), path});
    }
  }
  if (found.hierarchies_.empty()) return concat(base::printable(root), ": no control groups");
  TRY(found.try_out());
  return found;
}

Result<void, std::string> ControlGroups::try_out() const {
  const Hierarchy& first = hierarchies_.front();
  if (first.controller.empty()) TRY(lend_controllers(first.path, group_of(first, "").home));
  TRY(make("probe", {std::uint64_t{1} << 40U, 100, 1000}));
  remove("probe");
  return {};
}

std::string ControlGroups::described() const {
  if (hierarchies_.empty()) return "";
  if (hierarchies_.front().controller.empty()) {
    return concat("version 2, ", hierarchies_.front().path);
  }
  std::string text = "version 1,";
  for (const Hierarchy& each : hierarchies_) text += concat(" ", each.controller);
  return text;
}

Result<std::vector<Group>, std::string> ControlGroups::make(std::string_view id,
                                                            const GroupLimits& limits) const {
  std::vector<Group> groups;
  const auto made = [&]() -> Result<void, std::string> {
    for (const Hierarchy& each : hierarchies_) {
      const Group group = group_of(each, id);
      TRY(make_directory(group.path));
      groups.push_back(group);
      for (const auto& [file, text] : words_of(each.controller, limits)) {
        TRY(set(concat(group.path, file), text));
      }
    }
    return {};
  }();
  if (made) return groups;
  remove(id);
  return made.error();
}

void ControlGroups::remove(std::string_view id) const {
  for (const Hierarchy& each : hierarchies_) remove_directory(group_of(each, id).path);
}

void ControlGroups::sweep() const {
  for (const Hierarchy& each : hierarchies_) {
    const auto names = os::names_in(each.path);
    if (!names) continue;
    for (const std::string& name : *names) {
      if (name.starts_with(prefix_)) remove_directory(concat(each.path, "/", name));
    }
  }
}

std::string to_text(const std::vector<Group>& groups) {
  std::string text;
  for (const Group& each : groups) text += concat(each.path, "\n", each.home, "\n");
  return text;
}

std::vector<Group> groups_in(std::string_view text) {
  std::vector<Group> groups;
  const auto line = [&] {
    const std::string_view next = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), next.size() + 1));
    return std::string(next);
  };
  while (!text.empty()) {
    std::string path = line();
    groups.push_back({std::move(path), line()});
  }
  return groups;
}

Result<void, std::string> enter(const std::vector<Group>& groups) {
  for (const Group& each : groups) TRY(set(concat(each.path, members), "0"));
  return {};
}

void leave(const std::vector<Group>& groups) {
  for (const Group& each : groups) {
    static_cast<void>(set(concat(each.home, members), "0"));
    remove_directory(each.path);
  }
}

}  // namespace merlon::gatehouse
