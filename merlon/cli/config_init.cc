#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/workload/config.h"

namespace merlon::cli {

int config_init(const Arguments& /*arguments*/, const Terminal& terminal) {
  const int refused = launch::number(launch::ExitStatus::Unusable);
  const auto file = os::create_file("Enarx.toml");
  if (!file) {
    if (file.error() == os::Errno::Exist) {
      return fail(terminal, "\"Enarx.toml\" does already exist.", refused);
    }
    return fail(terminal, base::concat("Enarx.toml: ", os::describe(file.error())), refused);
  }
  const auto written = os::write_all(*file, core::as_bytes(workload::config_template()));
  if (!written) {
    return fail(terminal, base::concat("Enarx.toml: ", os::describe(written.error())), refused);
  }
  return 0;
}

}  // namespace merlon::cli
