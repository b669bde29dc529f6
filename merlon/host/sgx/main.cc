// merlon-vmm-sgx: the process around a keep of backend sgx, whose enclave lies in its addresses. It
// finds its workload on descriptor 3, as merlon-keep does, and passes it on into the enclave.
//
//   merlon-vmm-sgx [--simulator DIR [--hostile SEED]] [--signatures FILE] [--stats] [--try]
//   merlon-vmm-sgx --relay-quotes SOCKET
//
// With --hostile the simulated processor interrupts, enters and spoils as its owner might; for
// tests.
//
// Before it takes the workload it says whether it can run one (launch/readiness.h); with --try that
// is all.

#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/host/aesm/collateral.h"
#include "merlon/host/machine_confinement.h"
#include "merlon/host/machine_process.h"
#include "merlon/host/made_ahead.h"
#include "merlon/host/sgx/confinement.h"
#include "merlon/host/sgx/keep_enclave.h"
#include "merlon/host/sgx/kernel_driver.h"
#include "merlon/host/sgx/quote_relay.h"
#include "merlon/host/sgx/simulated/confinement.h"
#include "merlon/host/sgx/simulated/processor.h"
#include "merlon/host/signature.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"
#include "merlon/sallyport/boot.h"

namespace {

using namespace merlon;
using base::concat;

struct Options {
  bool statistics = false;
  bool only_try = false;
  std::optional<std::string> simulator;   ///< directory of a simulated platform
  std::optional<std::string> relay;       ///< aesmd's socket: carry questions to it, and no more
  std::optional<std::string> signatures;  ///< file of what the keep's owner signed
  std::optional<host::sgx::simulated::Hostility> hostility;
};

std::optional<Options> options_of(int count, char** words) {
  Options options;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (word == "--stats") {
      options.statistics = true;
    } else if (word == "--try") {
      options.only_try = true;
    } else if (word == "--hostile" && i + 1 < count) {
      const std::string_view value = words[++i];
      std::uint64_t seed = 0;
      const auto [end, error] = std::from_chars(value.begin(), value.end(), seed);
      if (error != std::errc() || end != value.end()) return std::nullopt;
      options.hostility.emplace(seed);
    } else if (word == "--relay-quotes" && i + 1 < count) {
      options.relay = words[++i];
    } else if (word == "--signatures" && i + 1 < count) {
      options.signatures = words[++i];
    } else if (word == "--simulator" && i + 1 < count) {
      options.simulator = words[++i];
    } else {
      return std::nullopt;
    }
  }
  return options;
}

/// Confines this process to what is to be launched, and lays it ready for the keep. From here on
/// the keep may be hostile.
core::Result<void> take_launch(host::sgx::KeepEnclave& enclave, launch::Launch launch,
                               const Options& options) {
  const auto limit = static_cast<std::int64_t>(launch.message.timeout_nanoseconds);
  if (limit != 0 && !enclave.limit_time(std::chrono::nanoseconds(limit))) {
    return core::error(core::ErrorCode::Internal, "cannot limit the time");
  }
  TRY(host::confine_machine(launch, options.simulator ? host::sgx::simulated::machine_calls()
                                                      : host::sgx::machine_calls()));
  enclave.post(TRY(host::make_letter(std::move(launch))));
  return {};
}

void print(const host::sgx::Statistics& statistics) {
  std::string text = host::described_calls(statistics.calls);
  text += concat("; exceptions: ", statistics.exceptions, "\n");
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(text)));
}

/// Without the list the keep sees this processor's CPUID.
host::sgx::simulated::CpuidPlaces cpuid_places() {
  const auto list = host::open_neighbour("merlon-keep.cpuid");
  if (!list) return {};
  return host::sgx::simulated::CpuidPlaces::of(core::as_text(list->mapping.bytes()),
                                               sallyport::user_start);
}

template <typename T>
using Result = core::Result<T, host::HostError>;

/// A processor, and whoever quotes for it.
struct Platform {
  std::unique_ptr<host::sgx::Driver> driver;
  host::sgx::Quoting quoting;
};

std::vector<std::uint8_t> collateral_in(const std::string& directory) {
  return host::aesm::read_collateral(directory).value_or(std::vector<std::uint8_t>{});
}

Result<Platform> simulated_platform(const Options& options, const host::Neighbour& shim,
                                    const host::Neighbour& keep) {
  using host::sgx::simulated::Secrets;
  const std::array sources{Secrets::Source{shim.file, shim.mapping.bytes()},
                           Secrets::Source{keep.file, keep.mapping.bytes()}};
  auto secrets = TRY(Secrets::start(*options.simulator, sources));
  auto processor =
      host::sgx::simulated::Processor::make(std::move(secrets), cpuid_places(), options.hostility);
  auto service = TRY(host::sgx::simulated::start_quoting(*options.simulator));
  return Platform{std::move(processor), {std::move(service), collateral_in(*options.simulator)}};
}

/// That of this machine.
Result<Platform> own_platform(std::optional<host::sgx::KernelDevice>& device) {
  auto found = host::sgx::KernelDevice::find();
  if (!found) {
    return host::HostError{core::ErrorCode::Unavailable,
                           "this kernel has no SGX: merlon platform info says what is missing"};
  }
  device.emplace(*found);
  auto service = TRY(host::sgx::start_quote_relay());
  return Platform{std::make_unique<host::sgx::KernelDriver>(*device),
                  {std::move(service), collateral_in(std::string(host::aesm::sgx_cache))}};
}

Result<std::unique_ptr<host::sgx::KeepEnclave>> make_enclave(
    const Options& options, std::optional<host::sgx::KernelDevice>& device) {
  const auto shim = host::open_neighbour("merlon-shim-sgx");
  const auto keep = host::open_neighbour("merlon-keep");
  if (!shim || !keep) {
    return host::HostError{
        core::ErrorCode::NotFound,
        "cannot read merlon-shim-sgx and merlon-keep, which lie beside merlon-vmm-sgx"};
  }
  std::vector<std::uint8_t> sigstruct;
  if (options.signatures) sigstruct = TRY(host::read_enclave_signature(*options.signatures));
  Platform platform =
      TRY(options.simulator ? simulated_platform(options, *shim, *keep) : own_platform(device));
  return host::sgx::KeepEnclave::create(std::move(platform.driver), std::move(platform.quoting),
                                        {shim->mapping, keep->mapping, sigstruct});
}

int run_keep(host::sgx::KeepEnclave& enclave, const Options& options) {
  auto work = host::receive_work();
  if (!work) return host::end_not_taken(work.error());
  auto* const arrival = std::get_if<host::Arrival>(&*work);
  if (arrival == nullptr) {
    return host::end_failed("an attested keep takes no module beforehand",
                            launch::ExitStatus::KeepFailed);
  }
  const auto taken = take_launch(enclave, std::move(arrival->launch), options);
  if (!taken) return host::end_not_taken(taken.error());
  if (!host::give_descriptors(enclave.descriptors(), arrival->made_ahead)) {
    return host::end_failed("cannot give the keep its streams", launch::ExitStatus::KeepFailed);
  }
  const auto ended = enclave.run();
  if (options.statistics) print(enclave.statistics());
  const int status =
      ended ? *ended : host::end_failed(ended.error().text, launch::ExitStatus::Trap);
  if (arrival->made_ahead) host::tell_end(enclave.descriptors(), status);
  return status;
}

}  // namespace

int main(int count, char** words) {
  os::end_with_maker_of(os::BorrowedFd(launch::keep_descriptor));
  os::ignore_broken_pipes();
  const auto options = options_of(count, words);
  if (!options) {
    return host::end_failed("merlon-vmm-sgx is started by merlon, not by hand",
                            launch::ExitStatus::Usage);
  }
  if (options->relay) {
    host::sgx::relay_quotes(os::BorrowedFd(launch::keep_descriptor), *options->relay);
    return 0;
  }
  std::optional<host::sgx::KernelDevice> device;
  const auto enclave = make_enclave(*options, device);
  const bool told = enclave ? host::tell_readiness(true, "enclave")
                            : host::tell_readiness(false, enclave.error().text);
  if (!enclave || !told) return launch::number(launch::ExitStatus::KeepFailed);
  os::end_process(options->only_try ? 0 : run_keep(**enclave, *options));
}
