#include "merlon/container/found_workload.h"

#include <array>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/os/container.h"
#include "merlon/os/file.h"

namespace merlon::container {

using base::concat;

namespace {

constexpr std::string_view usual_path =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string quoted_go(std::string_view text) { return concat('"', base::printable(text), '"'); }

std::string joined(std::string_view folder, std::string_view name) {
  return folder.ends_with('/') ? concat(folder, name) : concat(folder, "/", name);
}

std::string value_of(const Outline& outline, std::string_view name) {
  const auto found = outline.annotations.find(std::string(name));
  return found == outline.annotations.end() ? "" : found->second;
}

/// Where the program may lie, best first.
std::vector<std::string> places_of(const Outline& outline, const std::string& program) {
  if (program.starts_with('/')) return {program};
  std::vector<std::string> places;
  if (program.find('/') == std::string::npos) {
    std::string_view path = usual_path;
    for (const std::string& variable : outline.environment) {
      if (variable.starts_with("PATH=")) path = std::string_view(variable).substr(5);
    }
    constexpr std::size_t most = 256;
    while (!path.empty() && places.size() < most) {
      const std::string_view folder = path.substr(0, path.find(':'));
      path.remove_prefix(std::min(path.size(), folder.size() + 1));
      if (folder.starts_with('/')) places.push_back(joined(folder, program));
    }
  }
  places.push_back(joined(outline.directory, program));
  return places;
}

bool begins_as_module(os::BorrowedFd file) {
  constexpr std::array<std::uint8_t, 4> magic{0x00, 'a', 's', 'm'};
  std::array<std::uint8_t, 4> begin{};
  const std::array into{::iovec{begin.data(), begin.size()}};
  const auto size = os::read_at(file, into, 0);
  return size && *size == begin.size() && begin == magic;
}

/// Nothing where it is no WebAssembly.
std::optional<FoundWorkload> judged(os::Fd file, const std::string& name) {
  const auto status = os::status(file);
  if (!status) return std::nullopt;
  if (status->type == os::FileType::Directory) {
    const auto module = os::open_in_root(file, "main.wasm", true);
    if (!module || !begins_as_module(*module)) return std::nullopt;
    return FoundWorkload{std::move(file), true, name};
  }
  if (status->type != os::FileType::Regular || !begins_as_module(file)) return std::nullopt;
  return FoundWorkload{std::move(file), false, name};
}

}  // namespace

Checked<std::optional<bool>> told_side(const Outline& outline) {
  const std::string side = value_of(outline, annotation::runtime);
  if (side == "keep") return std::optional(true);
  if (side == "native") return std::optional(false);
  if (!side.empty()) {
    return Refusal{concat("annotation ", annotation::runtime, ": ", base::quoted(side),
                          " is neither keep nor native")};
  }
  if (!value_of(outline, annotation::package).empty() ||
      value_of(outline, annotation::workload) == "sealed" ||
      value_of(outline, annotation::handler) == "wasm" ||
      value_of(outline, annotation::variant) == "compat") {
    return std::optional(true);
  }
  return std::optional<bool>();
}

Checked<std::optional<FoundWorkload>> find_workload(os::BorrowedFd root, const Outline& outline) {
  const std::string package = value_of(outline, annotation::package);
  if (package.empty() && outline.arguments.empty()) return Refusal{"config.json: names no program"};
  const std::string program = package.empty() ? outline.arguments[0] : package;
  os::Errno reason = os::Errno::Noent;
  for (const std::string& place : places_of(outline, program)) {
    auto file = os::open_in_root(root, place, false);
    if (file) return judged(*std::move(file), place);
    const bool is_elsewhere = file.error() == os::Errno::Noent || file.error() == os::Errno::Notdir;
    if (!is_elsewhere) reason = file.error();
  }
  if (reason == os::Errno::Nosys) {
    return Refusal{"this kernel cannot look for files of an image safely (openat2, Linux 5.6)"};
  }
  if (reason != os::Errno::Noent) {
    return Refusal{concat("exec: ", quoted_go(program), ": ", os::describe(reason)),
                   Status::NotExecutable};
  }
  const bool has_slash = program.find('/') != std::string::npos;
  return Refusal{
      concat("exec: ", quoted_go(program),
             has_slash ? ": no such file or directory" : ": executable file not found in $PATH"),
      Status::NotFound};
}

Refusal no_webassembly(const Outline& outline) {
  const std::string program = outline.arguments.empty() ? "" : outline.arguments[0];
  return {concat("exec: ", quoted_go(program),
                 ": exec format error: permission denied: it is no WebAssembly, and no native "
                 "runtime is named for what is none (--native-runtime)"),
          Status::NotExecutable};
}

}  // namespace merlon::container
