// merlon-registry: the commands of merlon for registries of packages. Started by merlon, in its
// place.

#include "merlon/cli/table.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/command/serve.h"
#include "merlon/os/surrender.h"

int main(int argc, char** argv) {
  // Keys are in its memory. Nothing is worse where it cannot be had.
  static_cast<void>(merlon::os::leave_no_core());
  return merlon::command::serve(argc, argv, merlon::cli::program(),
                                merlon::cli_registry::handlers());
}
