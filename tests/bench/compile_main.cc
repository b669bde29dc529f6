// merlon-bench-compile FILE [RUNS]: how fast a module is validated and compiled, on one thread.
// Prints the median of compiling everything in MB/s (of the whole file), then the parts; in a line
// of its own the most memory that the process had.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "merlon/wasm/baseline/compiler.h"
#include "merlon/wasm/exec/engine.h"

namespace {

using namespace merlon::wasm;  // NOLINT(google-build-using-namespace): a program of that room

double seconds(const std::vector<std::uint8_t>& bytes, CompileMode mode, std::size_t& code) {
  EngineOptions options;
  options.mode = mode;
  auto engine = Engine::create(baseline::compilers(), options);
  if (!engine.has_value()) std::exit(1);
  const auto begin = std::chrono::steady_clock::now();
  auto module = (*engine)->compile(bytes);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
  if (!module.has_value()) {
    std::fprintf(stderr, "merlon-bench-compile: %s\n", module.error().what);
    std::exit(1);
  }
  code = (*module)->code_size();
  return spent.count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// VmHWM, and not getrusage's figure, which starts at what the parent had.
void print_peak() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) std::printf("peak %ld KiB\n", std::atol(line.c_str() + 6));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: merlon-bench-compile FILE [RUNS]\n");
    return 2;
  }
  const int runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 3;
  std::ifstream file(argv[1], std::ios::binary);
  const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  const double megabytes = static_cast<double>(bytes.size()) / 1e6;
  std::vector<double> eager;
  std::vector<double> lazy;
  std::size_t code = 0;
  std::size_t unused = 0;
  for (int i = 0; i < runs; ++i) {
    eager.push_back(seconds(bytes, CompileMode::Eager, code));
    lazy.push_back(seconds(bytes, CompileMode::Lazy, unused));
  }
  std::printf(
      "%.1f MB/s compiled whole (%.3f s); validated alone in %.3f s (%.0f MB/s); %.1f MB of code for %.1f MB\n",
      megabytes / median(eager), median(eager), median(lazy), megabytes / median(lazy),
      static_cast<double>(code) / 1e6, megabytes);
  print_peak();
  return 0;
}
