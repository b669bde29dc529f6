// merlon-vmm: the process around a keep of backend kvm. It finds its workload on descriptor 3, as
// merlon-keep does, confines itself to it, and passes it on into the machine.
//
//   merlon-vmm [--world ring0|collapsed|isolated] [--simulator DIR [--signatures FILE] [--proves]]
//              [--stats] [--try] [--save|--restore]
//
// Before it takes the workload it says whether it can run one (launch/readiness.h); with --try that
// is all. With --proves the workload will be one that has the keep prove itself. With --save it
// writes itself into descriptor 4 when its keep has been prepared, and ends; with --restore it
// begins as what was written there, when it is told to.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/host/kvm/confinement.h"
#include "merlon/host/kvm/machine.h"
#include "merlon/host/machine_confinement.h"
#include "merlon/host/machine_process.h"
#include "merlon/host/made_ahead.h"
#include "merlon/host/signature.h"
#include "merlon/image/world.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"

namespace {

using namespace merlon;
using base::concat;

struct Options {
  std::optional<sallyport::World> world;
  bool statistics = false;
  bool only_try = false;
  bool save = false;
  bool restore = false;
  bool proves = false;
  std::optional<std::string> simulator;   ///< directory of a simulated platform
  std::optional<std::string> signatures;  ///< file of what the keep's owner signed
};

std::optional<Options> options_of(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--stats") {
      options.statistics = true;
    } else if (word == "--try") {
      options.only_try = true;
    } else if (word == "--save") {
      options.save = true;
    } else if (word == "--restore") {
      options.restore = true;
    } else if (word == "--proves") {
      options.proves = true;
    } else if (word == "--simulator" && i + 1 < count) {
      options.simulator = words[++i];
    } else if (word == "--signatures" && i + 1 < count) {
      options.signatures = words[++i];
    } else if (word == "--world" && i + 1 < count) {
      options.world = image::find_world(words[++i]);
      if (!options.world) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

core::Result<void> limit_time(host::kvm::KeepMachine& machine, const launch::Message& message) {
  const auto limit = static_cast<std::int64_t>(message.timeout_nanoseconds);
  if (limit == 0 || machine.limit_time(std::chrono::nanoseconds(limit))) return {};
  return core::error(core::ErrorCode::Internal, "cannot limit the time");
}

/// Confines this process to what is to be launched, and lays it ready for the keep. From here on
/// the keep may be hostile.
core::Result<void> take_launch(host::kvm::KeepMachine& machine, launch::Launch launch) {
  TRY(limit_time(machine, launch.message));
  if (launch.message.purpose != launch::Purpose::Run) machine.expect_proof();
  TRY(host::confine_machine(launch, host::kvm::machine_calls()));
  machine.post(TRY(host::make_letter(std::move(launch))));
  return {};
}

/// The same of a keep that has been prepared, when somebody takes it.
core::Result<host::Letter> take_prepared(host::kvm::KeepMachine& machine,
                                         const launch::Preparation& preparation) {
  auto arrival = TRY(host::receive_taken());
  TRY(limit_time(machine, arrival.launch.message));
  TRY(host::complete_confinement(preparation, arrival.launch));
  if (!host::renew_streams(machine.descriptors())) {
    return core::error(core::ErrorCode::Internal, "cannot give the keep its streams");
  }
  return host::make_letter(std::move(arrival.launch));
}

/// That launch, or the end of this process: its keep has nothing else to wait for.
core::Result<host::Letter> take_prepared_or_end(host::kvm::KeepMachine& machine,
                                                const launch::Preparation& preparation) {
  auto letter = take_prepared(machine, preparation);
  if (!letter) os::end_process(host::end_not_taken(letter.error()));
  return letter;
}

constexpr os::BorrowedFd snapshot_file{launch::keep_descriptor + 1};

/// Writes the machine into the file of its snapshot, and ends this process.
core::Error save(host::kvm::KeepMachine& machine, os::BorrowedFd pagemap,
                 const launch::Preparation& preparation) {
  const auto saved = machine.save(snapshot_file, pagemap, preparation);
  os::end_process(
      saved ? 0 : host::end_failed(saved.error().message(), launch::ExitStatus::KeepFailed));
}

/// What its keep gets for a second letter: a launch, or, if it is to be saved, none ever.
core::Result<void> confine_and_expect(host::kvm::KeepMachine& machine,
                                      const launch::Preparation& preparation, bool saves) {
  if (!saves) {
    TRY(host::confine_prepared_machine(preparation, host::kvm::machine_calls()));
    machine.expect_letter([&] { return take_prepared_or_end(machine, preparation); });
    return {};
  }
  auto pagemap = os::open_file("/proc/self/pagemap");
  if (!pagemap) return os::to_error(pagemap.error(), "cannot see which pages are used");
  TRY(host::confine_prepared_machine(preparation, host::kvm::saving_calls()));
  const auto pages = std::make_shared<os::Fd>(*std::move(pagemap));
  machine.expect_letter([&machine, &preparation, pages]() -> core::Result<host::Letter> {
    return save(machine, *pages, preparation);
  });
  return {};
}

/// Has the keep prepare itself, and wait. `preparation` outlives the machine's run.
core::Result<void> prepare(host::kvm::KeepMachine& machine, launch::Preparation& preparation,
                           bool saves) {
  if (machine.is_attested()) {
    return core::error(core::ErrorCode::Denied, "an attested keep takes no module beforehand");
  }
  TRY(confine_and_expect(machine, preparation, saves));
  os::Fd module = std::move(preparation.module);
  machine.post(
      host::make_letter({preparation.confinement, preparation.network, preparation.directories,
                         preparation.verbose, std::move(module)}));
  return {};
}

void print_statistics(const host::kvm::KeepMachine& machine) {
  std::string text = host::described_calls(machine.counts());
  const std::uint64_t unasked = machine.statistics().unasked;
  if (unasked != 0) text += concat("; without an exit: ", unasked);
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(text + "\n")));
}

core::Result<std::unique_ptr<host::kvm::KeepMachine>, host::HostError> make_machine(
    const Options& options) {
  const auto shim = host::open_neighbour("merlon-shim-kvm");
  const auto keep = host::open_neighbour("merlon-keep");
  if (!shim || !keep) {
    return host::HostError{
        core::ErrorCode::NotFound,
        "cannot read merlon-shim-kvm and merlon-keep, which lie beside merlon-vmm"};
  }
  std::optional<host::kvm::SimulatedFirmware> firmware;
  if (options.simulator) {
    using Source = host::kvm::SimulatedFirmware::Source;
    const std::array sources{Source{shim->file, shim->mapping.bytes()},
                             Source{keep->file, keep->mapping.bytes()}};
    std::optional<host::LaunchSignature> signature;
    if (options.signatures) signature = TRY(host::read_launch_signature(*options.signatures));
    firmware =
        TRY(host::kvm::SimulatedFirmware::start(*options.simulator, sources, std::move(signature)));
    if (options.proves) firmware->expect_messages();
  }
  return host::kvm::KeepMachine::create(shim->mapping, keep->mapping, options.world,
                                        std::move(firmware));
}

int run_keep(host::kvm::KeepMachine& machine, const Options& options) {
  auto work = host::receive_work();
  if (!work) return host::end_not_taken(work.error());
  auto* const arrival = std::get_if<host::Arrival>(&*work);
  auto* const preparation = std::get_if<launch::Preparation>(&*work);
  const auto taken = preparation != nullptr ? prepare(machine, *preparation, options.save)
                                            : take_launch(machine, std::move(arrival->launch));
  if (!taken) return host::end_not_taken(taken.error());
  const bool made_ahead = preparation != nullptr || arrival->made_ahead;
  if (!host::give_descriptors(machine.descriptors(), made_ahead)) {
    return host::end_failed("cannot give the keep its streams", launch::ExitStatus::KeepFailed);
  }
  const auto ended = machine.run();
  if (options.statistics) print_statistics(machine);
  const int status =
      ended ? *ended : host::end_failed(ended.error().text, launch::ExitStatus::Trap);
  if (made_ahead) host::tell_end(machine.descriptors(), status);
  return status;
}

int not_restored(std::string_view why) {
  static_cast<void>(host::tell_readiness(false, why));
  return launch::number(launch::ExitStatus::KeepFailed);
}

/// A machine that begins as a snapshot: its keep has been prepared.
int run_restored() {
  auto empty = host::kvm::KeepMachine::empty();
  if (!empty) return not_restored(empty.error().text);
  // Who made this process ahead of its need ends it by closing the channel.
  if (!launch::receive_begin(os::BorrowedFd(launch::keep_descriptor))) return 0;
  auto snapshot = host::kvm::read_snapshot(snapshot_file);
  if (!snapshot) return not_restored(snapshot.error().message());
  const auto machine = host::kvm::KeepMachine::restore(*std::move(empty), snapshot_file, *snapshot);
  if (!machine) return not_restored(machine.error().text);
  os::Fd::adopt(snapshot_file.number()).close();
  const launch::Preparation preparation{launch::Confinement::Machine, snapshot->network,
                                        snapshot->directories, false, os::Fd()};
  if (const auto confined = confine_and_expect(**machine, preparation, false); !confined) {
    return not_restored(confined.error().message());
  }
  if (!host::give_descriptors((*machine)->descriptors(), true) ||
      !host::tell_readiness(true, "restored")) {
    return launch::number(launch::ExitStatus::KeepFailed);
  }
  (*machine)->warm_up();
  const auto ended = (*machine)->run();
  const int status =
      ended ? *ended : host::end_failed(ended.error().text, launch::ExitStatus::Trap);
  host::tell_end((*machine)->descriptors(), status);
  os::end_process(status);
}

}  // namespace

int main(int count, char** words) {
  os::end_with_maker_of(os::BorrowedFd(launch::keep_descriptor));
  os::ignore_broken_pipes();
  const auto options = options_of(count, words);
  if (!options) {
    return host::end_failed("merlon-vmm is started by merlon, not by hand",
                            launch::ExitStatus::Usage);
  }
  if (options->restore) return run_restored();
  const auto machine = make_machine(*options);
  const bool told = machine ? host::tell_readiness(true, image::name_of((*machine)->world()))
                            : host::tell_readiness(false, machine.error().text);
  if (!machine || !told) return launch::number(launch::ExitStatus::KeepFailed);
  // The kernel takes the machine apart faster than we would, and the attendant may still wait for
  // something on behalf of a keep that is no more.
  os::end_process(options->only_try ? 0 : run_keep(**machine, *options));
}
