// merlon-deploy: the commands of merlon for tenants, who judge a keep before they hand it a
// workload. Started by merlon, in its place.

#include "merlon/cli/table.h"
#include "merlon/cli_deploy/commands.h"
#include "merlon/command/serve.h"
#include "merlon/os/surrender.h"

int main(int argc, char** argv) {
  // Keys are in its memory. Nothing is worse where it cannot be had.
  static_cast<void>(merlon::os::leave_no_core());
  return merlon::command::serve(argc, argv, merlon::cli::program(), merlon::cli_deploy::handlers());
}
