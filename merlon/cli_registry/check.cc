// merlon package check: would this package run, and what will it ask for?

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli/module_report.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/cli_registry/local_package.h"
#include "merlon/codec/json_writer.h"
#include "merlon/workload/package.h"

namespace merlon::cli_registry {

using base::concat;
using cli::Arguments;
using cli::Terminal;

namespace {

using Lines = std::vector<std::string>;

Lines files_of(const workload::Config& config) {
  Lines lines;
  for (const workload::Mount& each : config.mounts()) {
    switch (each.source) {
      case workload::Mount::Source::Package:
        lines.push_back(concat(each.path, ": the package's ",
                               each.directory.empty() ? "own directory" : each.directory));
        break;
      case workload::Mount::Source::Memory:
        lines.push_back(concat(each.path, ": empty, in memory"));
        break;
      case workload::Mount::Source::Sealed:
        lines.push_back(concat(each.path, ": sealed storage, volume ", each.volume));
        break;
    }
  }
  return lines;
}

/// Why no keep would run it.
Lines problems_of(const cli::InspectReport& report) {
  Lines lines;
  for (const cli::Capability& each : report.capabilities) {
    if (each.name != "unknown imports") continue;
    for (const std::string& import : each.imports) {
      lines.push_back(concat("it imports ", import, ", which no keep offers"));
    }
  }
  const bool starts = std::ranges::any_of(report.exports, [](const cli::ExternLine& each) {
    return each.kind == "function" && (each.name == "_start" || each.name.empty());
  });
  if (!starts) lines.emplace_back("it exports no function _start");
  return lines;
}

Lines asks_of(const cli::InspectReport& report) {
  Lines lines;
  for (const cli::Capability& each : report.capabilities) {
    if (each.name != "unknown imports") lines.emplace_back(each.name);
  }
  return lines;
}

struct Checked {
  std::string digest;
  Lines problems, network, files, asks, notes;
};

void add(std::string& text, std::string_view title, const Lines& lines) {
  for (const std::string& each : lines) text += concat(title, base::printable(each), "\n");
}

std::string text_of(const Checked& found) {
  std::string text = concat("digest   sha-256=", found.digest, "\n");
  add(text, "network  ", found.network);
  add(text, "files    ", found.files);
  add(text, "uses     ", found.asks);
  add(text, "note     ", found.notes);
  add(text, "problem  ", found.problems);
  return text + (found.problems.empty() ? "It would run.\n" : "It would not run.\n");
}

std::string json_of(const Checked& found) {
  codec::JsonWriter json;
  json.open_object();
  json.key("digest");
  json.text(concat("sha-256=", found.digest));
  json.key("runs");
  json.boolean(found.problems.empty());
  const auto list = [&](std::string_view name, const Lines& lines) {
    json.key(name);
    json.open_array();
    for (const std::string& each : lines) json.text(each);
    json.close_array();
  };
  list("problems", found.problems);
  list("network", found.network);
  list("files", found.files);
  list("uses", found.asks);
  list("notes", found.notes);
  json.close_object();
  return json.result() + "\n";
}

Result<int> check(const Arguments& arguments, const Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const auto package = workload::open_package(path, std::nullopt);
  if (!package) return Failure{package.error().text};
  const auto report = cli::report_of_module(package->module, package->name);
  if (!report) return Failure{report.error()};
  const LocalPackage tree = TRY(read_package(path));
  const registry::Meta& root = tree.nodes.front().meta;
  Checked found;
  found.digest = base::hex(root.digest.get(registry::DigestKind::Sha256));
  found.problems = problems_of(*report);
  found.network = network_of(package->config);
  found.files = files_of(package->config);
  found.asks = asks_of(*report);
  found.notes = package->config.notes();
  const int printed =
      cli::print(terminal, arguments.has("--json") ? json_of(found) : text_of(found));
  return found.problems.empty() ? printed : static_cast<int>(Status::Unusable);
}

}  // namespace

int package_check(const Arguments& arguments, const Terminal& terminal) {
  return end(terminal, check(arguments, terminal));
}

}  // namespace merlon::cli_registry
