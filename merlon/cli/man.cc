#include "merlon/command/man.h"

#include "merlon/cli/handlers.h"
#include "merlon/cli/table.h"

namespace merlon::cli {

int man(const Arguments& /*arguments*/, const Terminal& terminal) {
  return print(terminal, command::man_page(program()));
}

}  // namespace merlon::cli
