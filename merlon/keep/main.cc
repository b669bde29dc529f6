// merlon-keep: the program inside a keep. It finds its workload on descriptor 3 and opens no file.

#include "merlon/base/text.h"
#include "merlon/keep/confinement.h"
#include "merlon/keep/report.h"
#include "merlon/keep/run.h"
#include "merlon/keep/self.h"
#include "merlon/keep/work.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/process.h"
#include "merlon/os/system.h"

namespace {

using namespace merlon;

int failed(std::string_view what, const core::Error& error) {
  keep::report(base::concat(what, ": ", error.message(), " (",
                            os::describe(static_cast<os::Errno>(error.detail)), ")"));
  return launch::number(launch::ExitStatus::KeepFailed);
}

core::Result<keep::Work, std::string> take_work(keep::Self& self, launch::Launch launch,
                                                core::ByteView evidence, os::Fd channel) {
  if (launch.message.purpose == launch::Purpose::Receive) {
    return keep::work_of_tenant(self, std::move(launch), evidence, std::move(channel));
  }
  channel.close();
  return keep::work_of_host(std::move(launch));
}

}  // namespace

int main() {
  os::ignore_broken_pipes();
  const std::uintptr_t stack_end = os::lowest_stack_address();  // may not be asked for later
  os::Fd channel = os::Fd::adopt(launch::keep_descriptor);
  keep::Confinement confinement;
  const auto begun = confinement.begin(channel);
  if (!begun) return failed("the keep cannot be confined", begun.error());
  auto launch = launch::receive(channel);
  if (!launch) {
    // A host that changed its mind has told its user already.
    if (launch.error().code != core::ErrorCode::Unavailable || launch.error().detail != 0) {
      keep::report(base::concat("merlon-keep is started by merlon, not by hand: ",
                                launch.error().message()));
    }
    return launch::number(launch::ExitStatus::KeepFailed);
  }
  const auto completed = confinement.complete(*launch);
  if (!completed) return failed("the keep cannot be confined", completed.error());
  if (launch->message.verbose) keep::report(confinement.describe());
  keep::Self self;
  std::vector<std::uint8_t> evidence;
  if (launch->message.purpose != launch::Purpose::Run) {
    auto proved = keep::prove(self, launch->message, channel);
    if (!proved) {
      return launch::number(launch::ExitStatus::KeepFailed);  // nobody is there to be told
    }
    if (launch->message.purpose == launch::Purpose::Prove) return 0;
    evidence = *std::move(proved);
  }
  auto work = take_work(self, *std::move(launch), evidence, std::move(channel));
  if (!work) {
    keep::report(work.error());
    return launch::number(launch::ExitStatus::Unusable);
  }
  return keep::run(*std::move(work), self, stack_end);
}
