// merlon: the one command that users type.

#include "merlon/cli/handlers.h"
#include "merlon/cli/table.h"
#include "merlon/command/serve.h"

int main(int argc, char** argv) {
  return merlon::command::serve(argc, argv, merlon::cli::program(), merlon::cli::handlers());
}
