// merlon-keep: the program inside a keep. It finds its workload on descriptor 3 and opens no file.

#include "merlon/base/text.h"
#include "merlon/keep/report.h"
#include "merlon/keep/run.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/process.h"

int main() {
  using namespace merlon;
  os::end_with_parent();
  os::ignore_broken_pipes();
  auto launch = launch::receive(os::Fd::adopt(launch::keep_descriptor));
  if (!launch) {
    // A host that changed its mind has told its user already.
    if (launch.error().code != core::ErrorCode::Unavailable || launch.error().detail != 0) {
      keep::report(base::concat("merlon-keep is started by merlon, not by hand: ",
                                launch.error().message()));
    }
    return launch::number(launch::ExitStatus::KeepFailed);
  }
  return keep::run(*std::move(launch));
}
