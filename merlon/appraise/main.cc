// merlon-evidence: the commands of merlon that need cryptography. Started by merlon, in its place.

#include "merlon/appraise/commands.h"
#include "merlon/cli/serve.h"

int main(int argc, char** argv) {
  return merlon::cli::serve(argc, argv, merlon::appraise::handlers());
}
