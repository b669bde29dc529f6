#include "merlon/cli/launch_options.h"

#include "merlon/base/text.h"
#include "merlon/base/units.h"
#include "merlon/cli/grants.h"
#include "merlon/cli/simulator_path.h"

namespace merlon::cli {

using base::concat;
using launch::ExitStatus;
using launch::number;

namespace {

template <typename T>
using Result = core::Result<T, Refusal>;

Refusal usage(std::string text) { return {std::move(text), ExitStatus::Usage}; }

}  // namespace

/// The backend asked for; nothing where the strongest that works is wanted.
Result<std::optional<host::Backend>> choose_backend(const Arguments& arguments,
                                                    const Terminal& terminal) {
  std::string name = arguments.value("--backend");
  for (const char* variable : {"MERLON_BACKEND", "ENARX_BACKEND"}) {
    if (name.empty()) name = terminal.variable(variable);
  }
  if (name.empty()) return std::optional<host::Backend>();
  if (const auto backend = host::find_backend(name)) return std::optional(*backend);
  return usage(concat("keep backend identifier ", base::quoted(name),
                      " is unknown; there are: nil, kvm, snp-sim, sgx, sgx-sim"));
}

host::MachineOptions machine_options(host::Backend backend, const Arguments& arguments,
                                     const Terminal& terminal) {
  return {.world = terminal.variable("MERLON_KVM_WORLD"),
          .statistics = arguments.has("--stats"),
          .simulator = simulator_path_of(backend, terminal),
          .signatures = arguments.value("--signatures")};
}

Result<host::RunOptions> run_options(const Arguments& arguments) {
  host::RunOptions options;
  options.arguments = arguments.rest;
  for (const std::string& text : arguments.values("--env")) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return usage(concat("--env ", base::quoted(text), ": wants NAME=VALUE"));
    }
    options.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const std::string& text : arguments.values("--dir")) {
    auto grant = parse_directory_grant(text);
    if (!grant) return usage(concat("--dir ", base::quoted(text), ": ", grant.error().message()));
    options.directories.push_back(*std::move(grant));
  }
  options.invoke = arguments.value("--invoke");
  options.verbose = arguments.has("--verbose");
  if (arguments.has("--timeout")) {
    const std::string text = arguments.value("--timeout");
    const auto time = base::parse_duration(text);
    if (!time) return usage(concat("--timeout ", base::quoted(text), ": ", time.error().message()));
    options.timeout = *time;
  }
  if (arguments.has("--max-memory")) {
    const std::string text = arguments.value("--max-memory");
    const auto size = base::parse_size(text);
    if (!size || *size == 0) {
      return usage(concat("--max-memory ", base::quoted(text), ": ",
                          size ? "must be more than nothing" : size.error().message()));
    }
    options.max_memory_bytes = *size;
  }
  return options;
}

int status_of(const os::ExitStatus& ended, const Terminal& terminal) {
  const host::ToldEnd told = host::told_end(ended);
  return told.text.empty() ? told.status : fail(terminal, told.text, told.status);
}

}  // namespace merlon::cli
