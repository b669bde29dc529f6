#include "merlon/cli/simulator_path.h"

#include "merlon/command/state_path.h"

namespace merlon::cli {

std::string simulator_path(const command::Terminal& terminal) {
  return command::state_path(terminal, "simulator");
}

std::string simulator_path_of(host::Backend backend, const command::Terminal& terminal) {
  return backend == host::Backend::SgxSim ? sgx_simulator_path(terminal) : simulator_path(terminal);
}

std::string sgx_simulator_path(const command::Terminal& terminal) {
  return command::state_path(terminal, "simulator-sgx");
}

}  // namespace merlon::cli
