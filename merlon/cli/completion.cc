#include "merlon/command/completion.h"

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/cli/table.h"
#include "merlon/launch/exit_status.h"

namespace merlon::cli {

int completion(const Arguments& arguments, const Terminal& terminal) {
  const std::string shell = arguments.positional(0);
  if (const auto script = command::completion(program(), shell)) return print(terminal, *script);
  return fail(terminal,
              base::concat("there is no completion for ", base::quoted(shell),
                           "; there is for bash, zsh and fish"),
              launch::number(launch::ExitStatus::Usage));
}

}  // namespace merlon::cli
