// merlon: the one command that users type.

#include "merlon/cli/handlers.h"
#include "merlon/cli/serve.h"

int main(int argc, char** argv) { return merlon::cli::serve(argc, argv, merlon::cli::handlers()); }
