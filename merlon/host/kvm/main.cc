// merlon-vmm: the process around a keep of backend kvm. It finds its workload on descriptor 3, as
// merlon-keep does, confines itself to it, and passes it on into the machine.
//
//   merlon-vmm [--world ring0|collapsed|isolated] [--simulator DIR [--signatures FILE]] [--stats]
//              [--try]
//
// Before it takes the workload it says whether it can run one (launch/readiness.h); with --try that
// is all.

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
#include "merlon/host/signature.h"
#include "merlon/image/world.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
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

/// Reads what is to be launched, confines this process to it, and lays it ready for the keep. From
/// here on the keep may be hostile.
core::Result<void> take_launch(host::kvm::KeepMachine& machine) {
  auto launch = TRY(launch::receive(os::BorrowedFd(launch::keep_descriptor)));
  const auto limit = static_cast<std::int64_t>(launch.message.timeout_nanoseconds);
  if (limit != 0 && !machine.limit_time(std::chrono::nanoseconds(limit))) {
    return core::error(core::ErrorCode::Internal, "cannot limit the time");
  }
  if (launch.message.purpose != launch::Purpose::Run) machine.expect_proof();
  TRY(host::confine_machine(launch, host::kvm::machine_calls()));
  machine.post(TRY(host::make_letter(std::move(launch))));
  return {};
}

void print(const host::kvm::Statistics& statistics) {
  std::string text = host::described_calls(statistics.calls);
  if (statistics.unasked != 0) text += concat("; without an exit: ", statistics.unasked);
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
  }
  return host::kvm::KeepMachine::create(shim->mapping, keep->mapping, options.world,
                                        std::move(firmware));
}

int run_keep(host::kvm::KeepMachine& machine, const Options& options) {
  if (const auto taken = take_launch(machine); !taken) {
    // A host that changed its mind has told its user already.
    const bool changed =
        taken.error().code == core::ErrorCode::Unavailable && taken.error().detail == 0;
    return changed ? launch::number(launch::ExitStatus::KeepFailed)
                   : host::end_failed(taken.error().message(), launch::ExitStatus::KeepFailed);
  }
  if (!host::give_descriptors(machine.descriptors())) {
    return host::end_failed("cannot give the keep its streams", launch::ExitStatus::KeepFailed);
  }
  const auto ended = machine.run();
  if (options.statistics) print(machine.statistics());
  return ended ? *ended : host::end_failed(ended.error().text, launch::ExitStatus::Trap);
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
  const auto machine = make_machine(*options);
  const bool told = machine ? host::tell_readiness(true, image::name_of((*machine)->world()))
                            : host::tell_readiness(false, machine.error().text);
  if (!machine || !told) return launch::number(launch::ExitStatus::KeepFailed);
  // The kernel takes the machine apart faster than we would, and the attendant may still wait for
  // something on behalf of a keep that is no more.
  os::end_process(options->only_try ? 0 : run_keep(**machine, *options));
}
