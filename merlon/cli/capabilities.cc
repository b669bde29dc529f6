#include "merlon/cli/capabilities.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"

namespace merlon::cli {

namespace {

constexpr std::array<std::string_view, 2> wasi{"wasi_snapshot_preview1", "wasi_unstable"};

/// A capability and the functions that ask for it; a name that ends in '_' stands for all that
/// start with it. The first row that fits counts.
struct Row {
  std::string_view name;
  std::string_view grant;
  std::array<std::string_view, 3> functions;
};

constexpr std::array<Row, 9> rows{{
    {"arguments", "behind --, or args in Enarx.toml", {"args_"}},
    {"environment", "--env, or env in Enarx.toml", {"environ_"}},
    {"directories", "--dir", {"path_", "fd_readdir", "fd_prestat_"}},
    {"files", "standard streams, or files in Enarx.toml", {"fd_"}},
    {"sockets", "kinds listen and connect, and allow, in Enarx.toml", {"sock_"}},
    {"clocks", "always", {"clock_"}},
    {"randomness", "always", {"random_"}},
    {"waiting", "always", {"poll_", "sched_"}},
    {"its own end", "always", {"proc_"}},
}};

bool fits(const Row& row, const ImportName& import) {
  if (std::ranges::find(wasi, import.module) == wasi.end()) return false;
  return std::ranges::any_of(row.functions, [&](std::string_view function) {
    if (function.empty()) return false;
    return function.ends_with('_') ? import.name.starts_with(function) : import.name == function;
  });
}

}  // namespace

std::vector<Capability> capabilities_of(const std::vector<ImportName>& imports) {
  std::vector<Capability> all;
  for (const Row& row : rows) all.push_back({row.name, row.grant, {}});
  all.push_back({"unknown imports", "cannot be given", {}});
  for (const ImportName& import : imports) {
    const auto* row =
        std::ranges::find_if(rows, [&](const Row& each) { return fits(each, import); });
    auto& capability = all[static_cast<std::size_t>(row - rows.begin())];
    capability.imports.push_back(row == rows.end() ? base::concat(import.module, ".", import.name)
                                                   : std::string(import.name));
  }
  std::erase_if(all, [](const Capability& capability) { return capability.imports.empty(); });
  return all;
}

}  // namespace merlon::cli
