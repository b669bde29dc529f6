// merlon-evidence: the commands of merlon that need cryptography. Started by merlon, in its place.

#include "merlon/appraise/commands.h"
#include "merlon/cli/table.h"
#include "merlon/command/serve.h"

int main(int argc, char** argv) {
  return merlon::command::serve(argc, argv, merlon::cli::program(), merlon::appraise::handlers());
}
