// merlon-oci: containers whose process is a keep.

#include "merlon/command/serve.h"
#include "merlon/container/commands.h"
#include "merlon/container/table.h"

int main(int argc, char** argv) {
  using namespace merlon;
  return command::serve(argc, argv, container::program(), container::handlers(),
                        &container::respelled);
}
