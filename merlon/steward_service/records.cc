#include "merlon/steward_service/records.h"

#include "merlon/steward_service/commands.h"

namespace merlon::steward_service {

Outcome<std::unique_ptr<Records>> open_records(const Options& options) {
  if (options.state.empty()) return std::unique_ptr<Records>(std::make_unique<ShortMemory>());
  return std::string("--state is not there yet");
}

int log_verify(const command::Arguments& /*arguments*/, const command::Terminal& terminal) {
  return command::fail(terminal, "log verify is not there yet", 1);
}

}  // namespace merlon::steward_service
