#include "merlon/cli/state.h"

#include "merlon/base/text.h"

namespace merlon::cli {

using base::concat;

std::string state_path(const command::Terminal& terminal, std::string_view name) {
  if (const std::string state = terminal.variable("XDG_STATE_HOME"); state.starts_with('/')) {
    return concat(state, "/merlon/", name);
  }
  const std::string home = terminal.variable("HOME");
  return home.starts_with('/') ? concat(home, "/.local/state/merlon/", name) : "";
}

std::string simulator_path(const command::Terminal& terminal) {
  return state_path(terminal, "simulator");
}

std::string simulator_path_of(host::Backend backend, const command::Terminal& terminal) {
  return backend == host::Backend::SgxSim ? sgx_simulator_path(terminal) : simulator_path(terminal);
}

std::string sgx_simulator_path(const command::Terminal& terminal) {
  return state_path(terminal, "simulator-sgx");
}

}  // namespace merlon::cli
