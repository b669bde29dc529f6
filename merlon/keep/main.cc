// merlon-keep: the program inside a keep. It finds its workload on descriptor 3 and opens no file.

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/keep/confinement.h"
#include "merlon/keep/give_up.h"
#include "merlon/keep/report.h"
#include "merlon/keep/run.h"
#include "merlon/keep/self.h"
#include "merlon/keep/work.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/launch/preparation.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/detach.h"
#include "merlon/os/process.h"
#include "merlon/os/system.h"

namespace {

using namespace merlon;

int failed(std::string_view what, const core::Error& error) {
  keep::report(base::concat(what, ": ", error.message(), " (",
                            os::describe(static_cast<os::Errno>(error.detail)), ")"));
  return launch::number(launch::ExitStatus::KeepFailed);
}

/// A host that changed its mind has told its user already.
int no_launch(const core::Error& error) {
  if (error.code != core::ErrorCode::Unavailable || error.detail != 0) {
    keep::report(base::concat("merlon-keep is started by merlon, not by hand: ", error.message()));
  }
  return launch::number(launch::ExitStatus::KeepFailed);
}

core::Result<keep::Work, std::string> take_work(keep::Self& self, launch::Launch launch,
                                                core::ByteView evidence, os::Fd channel,
                                                bool made_ahead) {
  if (launch.message.purpose == launch::Purpose::Receive) {
    return keep::work_of_tenant(self, std::move(launch), evidence, std::move(channel));
  }
  keep::Work work = TRY(keep::work_of_host(self, std::move(launch)));
  const launch::Confinement confinement = work.launch.message.confinement;
  // A machine tells its keep's end by itself.
  if (made_ahead && confinement == launch::Confinement::Process) {
    work.taken_from = std::move(channel);
  } else {
    keep::give_up(std::move(channel), confinement);
  }
  return work;
}

/// A keep that is made ahead gets its streams when it is taken; in a machine they are there.
core::Result<void> take_streams(os::BorrowedFd channel) {
  const launch::Streams streams = TRY(launch::receive_streams(channel));
  for (int number = 0; number < launch::keep_descriptor; ++number) {
    const auto put = os::put_in_place_of(number, streams[static_cast<std::size_t>(number)]);
    if (!put) return os::to_error(put.error(), "cannot take the standard streams");
  }
  return {};
}

/// What is run, from the first word on the channel.
struct Start {
  launch::Launch launch;
  bool made_ahead = false;
  std::optional<keep::Prepared> prepared{};
};

/// Waits for whoever takes this keep.
core::Result<launch::Launch> receive_taken(launch::Confinement confinement,
                                           os::BorrowedFd channel) {
  if (confinement == launch::Confinement::Process) TRY(take_streams(channel));
  return launch::receive(channel);
}

/// Compiles what the workload will be, and says so.
core::Result<Start> start_prepared(keep::Self& self, keep::Confinement& confinement,
                                   launch::Preparation preparation, os::BorrowedFd channel,
                                   std::uintptr_t stack_end) {
  TRY(confinement.prepare(preparation));
  auto prepared = keep::prepare(self, std::exchange(preparation.module, os::Fd()));
  if (prepared) {
    keep::rehearse(*prepared, self, stack_end);
    keep::set_stage(*prepared, stack_end);
  }
  TRY(launch::send(channel, prepared ? launch::Readiness{true, "prepared"}
                                     : launch::Readiness{false, prepared.error().text}));
  if (!prepared) return core::error(core::ErrorCode::Unavailable, "cannot be prepared");
  auto launch = TRY(receive_taken(preparation.confinement, channel));
  return Start{std::move(launch), true, *std::move(prepared)};
}

core::Result<Start> receive_start(keep::Self& self, keep::Confinement& confinement,
                                  os::BorrowedFd channel, std::uintptr_t stack_end) {
  auto first = TRY(launch::receive_first(channel));
  auto* const preparation = std::get_if<launch::Preparation>(&first);
  if (preparation == nullptr) return Start{std::get<launch::Launch>(std::move(first))};
  if (preparation->module.is_open()) {
    return start_prepared(self, confinement, std::move(*preparation), channel, stack_end);
  }
  return Start{TRY(receive_taken(preparation->confinement, channel)), true};
}

/// Who was prepared runs what it was prepared for, and nobody else does.
bool fits(const Start& start) noexcept {
  return start.prepared.has_value() ==
         (start.launch.message.purpose == launch::Purpose::RunPrepared);
}

int run(keep::Self& self, Start start, os::Fd channel, std::uintptr_t stack_end) {
  const launch::Message& message = start.launch.message;
  std::vector<std::uint8_t> evidence;
  if (message.purpose != launch::Purpose::Run && !start.prepared) {
    auto proved = keep::prove(self, message, channel);
    if (!proved) {
      return launch::number(launch::ExitStatus::KeepFailed);  // nobody is there to be told
    }
    if (message.purpose == launch::Purpose::Prove) return 0;
    evidence = *std::move(proved);
  }
  auto work =
      take_work(self, std::move(start.launch), evidence, std::move(channel), start.made_ahead);
  if (!work) {
    keep::report(work.error());
    return launch::number(launch::ExitStatus::Unusable);
  }
  return keep::run(*std::move(work), self, std::move(start.prepared), stack_end);
}

}  // namespace

int main() {
  os::ignore_broken_pipes();
  const std::uintptr_t stack_end = os::lowest_stack_address();  // may not be asked for later
  os::Fd channel = os::Fd::adopt(launch::keep_descriptor);
  keep::Confinement confinement;
  const auto begun = confinement.begin(channel);
  if (!begun) return failed("the keep cannot be confined", begun.error());
  keep::Self self;
  auto start = receive_start(self, confinement, channel, stack_end);
  if (!start) return no_launch(start.error());
  if (!fits(*start)) {
    return no_launch(core::error(core::ErrorCode::Malformed, "a launch out of turn"));
  }
  const auto completed = confinement.complete(start->launch);
  if (!completed) return failed("the keep cannot be confined", completed.error());
  if (start->launch.message.verbose) keep::report(confinement.describe());
  return run(self, *std::move(start), std::move(channel), stack_end);
}
