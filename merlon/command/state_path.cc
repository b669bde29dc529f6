#include "merlon/command/state_path.h"

#include "merlon/base/text.h"

namespace merlon::command {

using base::concat;

std::string state_path(const Terminal& terminal, std::string_view name) {
  if (const std::string state = terminal.variable("XDG_STATE_HOME"); state.starts_with('/')) {
    return concat(state, "/merlon/", name);
  }
  const std::string home = terminal.variable("HOME");
  return home.starts_with('/') ? concat(home, "/.local/state/merlon/", name) : "";
}

}  // namespace merlon::command
