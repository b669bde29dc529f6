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
#include <optional>
#include <string>
#include <utility>

#include "merlon/host/aesm/collateral.h"
#include "merlon/host/attested_process.h"
#include "merlon/host/machine_process.h"
#include "merlon/host/sgx/confinement.h"
#include "merlon/host/sgx/keep_enclave.h"
#include "merlon/host/sgx/kernel_driver.h"
#include "merlon/host/sgx/quote_relay.h"
#include "merlon/host/sgx/simulated/confinement.h"
#include "merlon/host/sgx/simulated/processor.h"
#include "merlon/host/signature.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"
#include "merlon/sallyport/boot.h"

namespace {

using namespace merlon;

struct Options {
  host::AttestedOptions asked;
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
      options.asked.statistics = true;
    } else if (word == "--try") {
      options.asked.only_try = true;
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

Result<std::unique_ptr<host::AttestedKeep>> make_enclave(
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
  return std::unique_ptr<host::AttestedKeep>(
      TRY(host::sgx::KeepEnclave::create(std::move(platform.driver), std::move(platform.quoting),
                                         {shim->mapping, keep->mapping, sigstruct})));
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
  const os::CallRules own =
      options->simulator ? host::sgx::simulated::machine_calls() : host::sgx::machine_calls();
  return host::run_attested(make_enclave(*options, device), "enclave", own, options->asked);
}
