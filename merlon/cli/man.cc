#include "merlon/command/man.h"

#include "merlon/cli/handlers.h"
#include "merlon/cli/table.h"

namespace merlon::cli {

int man(const Arguments& /*arguments*/, const Terminal& terminal) {
  return command::print_man(program(), terminal);
}

}  // namespace merlon::cli
