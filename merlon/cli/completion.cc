#include "merlon/command/completion.h"

#include "merlon/cli/handlers.h"
#include "merlon/cli/table.h"

namespace merlon::cli {

int completion(const Arguments& arguments, const Terminal& terminal) {
  return command::print_completion(program(), arguments, terminal);
}

}  // namespace merlon::cli
