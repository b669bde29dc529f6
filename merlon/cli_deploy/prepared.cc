#include "merlon/cli_deploy/prepared.h"

#include "merlon/base/text.h"
#include "merlon/cli/launch_options.h"
#include "merlon/cli_deploy/keep_fetches.h"
#include "merlon/cli_deploy/new_keep.h"
#include "merlon/cli_deploy/package_url.h"
#include "merlon/cli_registry/registry_package.h"
#include "merlon/command/state_path.h"
#include "merlon/oci/reference.h"
#include "merlon/os/open.h"

namespace merlon::cli_deploy {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

/// A Drawbridge or an OCI registry. What would not be looked at must not seem to have been.
Result<bool> is_at_registry(const Arguments& arguments, const std::string& named,
                            bool keep_fetches) {
  const bool is_artifact = oci::is_reference(named);
  if (is_artifact && keep_fetches) {
    return Failure{concat(arguments.has("--keep-fetches") ? "--keep-fetches: " : "",
                          "keeps get packages of a Drawbridge by themselves, no artifacts"),
                   Status::Usage};
  }
  if (is_artifact || (!is_remote(named) && cli_registry::is_at_registry(named))) return true;
  for (const std::string_view each :
       {"--signed-by", "--content-key", "--token-host", "--keep-fetches"}) {
    if (!arguments.has(each)) continue;
    return Failure{concat(each, ": ", base::printable(named), " is no package at a registry"),
                   Status::Usage};
  }
  if (!keep_fetches) return false;
  return Failure{concat(base::printable(named), " is no package at a registry"), Status::Usage};
}

}  // namespace

Result<Prepared> prepare(const Arguments& arguments, const Terminal& terminal,
                         const https_client::TlsFiles& files, bool keep_fetches) {
  auto options = cli::run_options(arguments);
  if (!options) return Failure{options.error().text, Status::Usage};
  options->attested = true;
  options->volumes = command::state_path(terminal, "volumes");
  std::optional<std::string> config;
  if (arguments.has("--config")) config = arguments.value("--config");
  const std::string named = arguments.positional(0);
  std::optional<FetchedPackage> fetched;
  const bool at_registry = TRY(is_at_registry(arguments, named, keep_fetches));
  if (is_remote(named)) {
    fetched.emplace(TRY(fetch_package(named, files)));
  } else if (at_registry) {
    fetched.emplace(TRY(fetch_from_registry(arguments, terminal, named)));
  }
  auto package = workload::open_package(fetched ? fetched->path() : local_path(named), config);
  if (!package) return Failure{package.error().text, Status::Unusable};
  Prepared prepared;
  prepared.notes = package->config.notes();
  auto description = host::describe(*std::move(package), *options);
  if (!description) return of_host(description.error());
  host::LaunchPlan& plan = description->plan;
  auto module = os::read_all(plan.module, delivery::max_module_size);
  if (!module) {
    return Failure{concat(plan.message.program, ": ", os::describe(module.error())),
                   Status::Unusable};
  }
  prepared.workload.module = *std::move(module);
  if (plan.archive.is_open()) {
    auto archive = os::read_all(plan.archive, files::max_archive_size);
    if (!archive) {
      return Failure{concat(plan.message.program, ": ", os::describe(archive.error())),
                     Status::Unusable};
    }
    std::ranges::copy(crypto::sha256({*archive}).view(), plan.message.archive.begin());
    prepared.workload.archive = *std::move(archive);
  }
  prepared.offer.wishes = std::move(description->wishes);
  prepared.offer.verbose = std::exchange(plan.message.verbose, false);
  prepared.workload.message = std::move(plan.message);
  if (fetched) prepared.workload.message.program = named;
  if (keep_fetches) {
    if (!fetched || !fetched->origin) {
      return Failure{concat(base::printable(named), " is no package at a registry"), Status::Usage};
    }
    TRY(let_keep_fetch(arguments, terminal, *fetched->origin, prepared.workload,
                       prepared.offer.wishes));
  }
  prepared.notes.insert(prepared.notes.end(), plan.notes.begin(), plan.notes.end());
  return prepared;
}

}  // namespace merlon::cli_deploy
