// merlon platform info: what this machine offers for keeps.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/cli/platform_report.h"
#include "merlon/cli/table.h"
#include "merlon/host/probe/machine.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/file.h"
#include "merlon/os/system.h"

namespace merlon::cli {

using launch::ExitStatus;
using launch::number;

namespace {

/// Leaves only the backend that was asked for; there are all of the option's choices.
void select(std::vector<host::probe::Backend>& backends, const std::string& name) {
  std::erase_if(backends, [&](const host::probe::Backend& each) { return each.name != name; });
}

bool wants_colours(const Terminal& terminal) {
  return os::is_terminal(os::BorrowedFd(1)) && terminal.variable("NO_COLOR").empty();
}

}  // namespace

int platform_info(const Arguments& arguments, const Terminal& terminal) {
  const auto system = os::system_name();
  PlatformReport report{system ? *system : "unknown",
                        host::probe::probe(host::probe::this_machine()),
                        {run_backends().begin(), run_backends().end()}};
  if (arguments.has("--backend")) select(report.backends, arguments.value("--backend"));
  using Colours = base::Printable::Colours;
  const bool colours = wants_colours(terminal);
  const int printed = arguments.has("--json") ? print(terminal, to_json(report))
                                              : print(terminal, to_text(report, colours),
                                                      colours ? Colours::Kept : Colours::Escaped);
  if (printed != 0 || !arguments.has("--backend")) return printed;
  const bool ready = std::ranges::all_of(report.backends, &host::probe::Backend::is_ready);
  return number(ready ? ExitStatus::Success : ExitStatus::Unusable);
}

}  // namespace merlon::cli
