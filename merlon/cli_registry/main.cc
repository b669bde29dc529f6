// merlon-registry: the commands of merlon for registries of packages. Started by merlon, in its
// place.

#include "merlon/cli/table.h"
#include "merlon/cli_registry/commands.h"
#include "merlon/command/serve.h"

int main(int argc, char** argv) {
  return merlon::command::serve(argc, argv, merlon::cli::program(),
                                merlon::cli_registry::handlers());
}
