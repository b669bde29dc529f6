// merlon-evidence: the commands of merlon that need cryptography. Started by merlon, in its place.

#include "merlon/cli/table.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/command/serve.h"

int main(int argc, char** argv) {
  return merlon::command::serve(argc, argv, merlon::cli::program(),
                                merlon::cli_evidence::handlers());
}
