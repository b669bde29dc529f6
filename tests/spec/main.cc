// merlon-spec: runs the official suite's scripts and prints what passed, failed and was left out,
// by group. Usage: merlon-spec [--lazy] [--checks] [--unsupported LIST] FILE…

#include <cstdio>
#include <fstream>
#include <sstream>

#include "tests/spec/runner.h"

namespace {

using merlon::spec::Counts;

struct Group {
  Counts counts;
  unsigned files = 0;
  unsigned left_out = 0;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string group_of(const std::string& file) {
  for (const char* group :
       {"bulk-memory", "exceptions", "gc", "memory64", "multi-memory", "relaxed-simd", "simd"}) {
    if (file.starts_with(std::string(group) + "_")) return group;
  }
  return "core";
}

/// One file a line: its name, a blank, why.
std::map<std::string, std::string> read_list(const std::string& path) {
  std::map<std::string, std::string> list;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t blank = line.find(' ');
    list[line.substr(0, blank)] = blank == std::string::npos ? "" : line.substr(blank + 1);
  }
  return list;
}

void report(const std::map<std::string, Group>& groups) {
  Group total;
  std::printf("%-14s %6s %9s %8s %8s\n", "group", "files", "passed", "failed", "left out");
  for (const auto& [name, group] : groups) {
    std::printf("%-14s %6u %9u %8u %8u\n", name.c_str(), group.files, group.counts.passed,
                group.counts.failed, group.left_out);
    total.counts += group.counts;
    total.files += group.files;
    total.left_out += group.left_out;
  }
  std::printf("%u files, %u left out for types of the GC proposal\n", total.files, total.left_out);
  std::printf("%u passed, %u failed\n", total.counts.passed, total.counts.failed);
}

}  // namespace

int main(int argc, char** argv) {
  auto mode = merlon::wasm::CompileMode::Eager;
  auto bounds = merlon::wasm::Bounds::Guards;
  std::map<std::string, std::string> unsupported;
  std::map<std::string, Group> groups;
  unsigned failed = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--lazy") {
      mode = merlon::wasm::CompileMode::Lazy;
      continue;
    }
    if (argument == "--checks") {
      bounds = merlon::wasm::Bounds::Checks;
      continue;
    }
    if (argument == "--unsupported" && i + 1 < argc) {
      unsupported = read_list(argv[++i]);
      continue;
    }
    const std::string file = base_name(argument);
    Group& group = groups[group_of(file)];
    if (unsupported.contains(file)) {
      ++group.left_out;
      continue;
    }
    auto script = merlon::spec::parse_script(read_file(argument));
    if (!script.has_value()) {
      std::fprintf(stderr, "%s: not a script\n", argument.c_str());
      ++failed;
      continue;
    }
    ++group.files;
    merlon::spec::Runner runner(file, mode, bounds);
    const Counts counts = runner.run(*script);
    failed += counts.failed;
    group.counts += counts;
  }
  report(groups);
  return failed == 0 ? 0 : 1;
}
