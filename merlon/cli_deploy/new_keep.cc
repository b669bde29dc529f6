#include "merlon/cli_deploy/new_keep.h"

#include "merlon/base/text.h"
#include "merlon/cli/launch_options.h"
#include "merlon/os/poll.h"

namespace merlon::cli_deploy {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

Result<host::Backend> backend_of(const Arguments& arguments, const Terminal& terminal) {
  const auto named = cli::choose_backend(arguments, terminal);
  if (!named) return Failure{named.error().text, Status::Usage};
  if (!*named) {
    return Failure{
        "no backend is named (--backend), and no hardware that attests keeps is taken by itself here "
        "yet; sgx is an enclave, snp-sim and sgx-sim are simulations",
        Status::Usage};
  }
  const bool attested = host::is_attested(**named);
  if (!attested && !arguments.has("--insecure-backend")) {
    return Failure{concat("backend ", host::name_of(**named),
                          ": nothing attests such a keep, and the owner of its machine can read "
                          "the workload; --insecure-backend delivers it even so"),
                   Status::Refused};
  }
  return **named;
}

}  // namespace

Failure of_host(const host::HostError& error) { return {error.text, Status::Unusable}; }

Result<host::Keep> start_here(const Arguments& arguments, const Terminal& terminal,
                              const os::SignalRelay& relay, const host::Offer& offer) {
  const host::Backend backend = TRY(backend_of(arguments, terminal));
  host::MachineOptions machine = cli::machine_options(backend, arguments, terminal);
  machine.proves = true;
  auto keep = host::Keep::start(backend, machine);
  if (!keep) return of_host(keep.error());
  auto plan = host::make_offer(offer);
  if (!plan) return of_host(plan.error());
  const auto readiness = keep->readiness(relay, start_limit);
  if (!readiness) return of_host(readiness.error());
  if (!readiness->ready) {
    return Failure{
        concat("backend ", host::name_of(backend), ": ", base::printable(readiness->text)),
        Status::Unusable};
  }
  if (const auto launched = keep->launch(*std::move(plan)); !launched) {
    return of_host(launched.error());
  }
  return *std::move(keep);
}

Result<host::Backend> wanted_backend(const Arguments& arguments, const Terminal& terminal) {
  const auto named = cli::choose_backend(arguments, terminal);
  if (!named) return Failure{named.error().text, Status::Usage};
  return named->value_or(host::Backend::SnpSim);
}

void forget_soon(const GatehouseClient& client, const std::string& id) {
  constexpr int tries = 100;
  constexpr std::chrono::milliseconds pause{50};
  for (int i = 0; i < tries && !client.forget(id); ++i) static_cast<void>(os::poll({}, pause));
}

}  // namespace merlon::cli_deploy
