// merlon-steward: a service that judges the evidence of keeps and gives them certificates.

#include "merlon/command/serve.h"
#include "merlon/os/surrender.h"
#include "merlon/steward_service/options.h"
#include "merlon/steward_service/table.h"

int main(int argc, char** argv) {
  using namespace merlon;
  // Keys are in its memory. Nothing is worse where it cannot be had.
  static_cast<void>(os::leave_no_core());
  return command::serve_service(argc, argv, steward_service::program(), steward_service::handlers(),
                                &steward_service::respelled);
}
