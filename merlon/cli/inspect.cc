// merlon inspect: what a module is made of and what it will ask for.

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/cli/module_report.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"

namespace merlon::cli {

int inspect(const Arguments& arguments, const Terminal& terminal) {
  const int unusable = launch::number(launch::ExitStatus::Unusable);
  const std::string path = arguments.positional(0);
  const auto file = os::open_file(path);
  if (!file) {
    return fail(terminal, base::concat(path, ": cannot be read: ", os::describe(file.error())),
                unusable);
  }
  const auto report = report_of_module(*file, path);
  if (!report) return fail(terminal, report.error(), unusable);
  return print(terminal, arguments.has("--json") ? to_json(*report) : to_text(*report));
}

}  // namespace merlon::cli
