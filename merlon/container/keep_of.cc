#include "merlon/container/keep_of.h"

#include <algorithm>
#include <filesystem>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/host/run_keep.h"
#include "merlon/os/container.h"
#include "merlon/os/open.h"
#include "merlon/workload/package.h"

namespace merlon::container {

using base::concat;
using launch::number;

namespace {

template <typename T>
using Result = core::Result<T, host::RunRefusal>;

Result<workload::Package> package_of(const Asked& asked, FoundWorkload found) {
  if (!found.is_package) {
    auto config = config_of(asked);
    if (!config) return host::RunRefusal{config.error().text};
    return workload::Package{std::move(found.file), found.name, *std::move(config)};
  }
  auto package = workload::open_package_in(found.file, found.name);
  if (!package) return host::RunRefusal{package.error().text};
  const auto bounded = check_bounds(asked, package->config);
  if (!bounded) return host::RunRefusal{bounded.error().text};
  return *std::move(package);
}

Result<host::LaunchPlan> plan_of(const InitOrder& order, FoundWorkload found, bool attested) {
  auto options = run_options_of(order);
  if (!options) return host::RunRefusal{options.error().text};
  options->attested = attested;
  workload::Package package = TRY(package_of(order.asked, std::move(found)));
  auto plan = host::make_plan(std::move(package), *options);
  if (!plan) return host::refusal_of(plan.error());
  // A program in a container is called what its engine calls it.
  plan->message.arguments.front() = order.config.process.arguments.front();
  for (const Mount& mount : order.config.mounts) {
    if (mount.kind != Mount::Kind::Memory) continue;
    launch::Mount memory;
    memory.path = mount.destination;
    plan->message.mounts.push_back(std::move(memory));
  }
  return *std::move(plan);
}

Result<int> run(const InitOrder& order, FoundWorkload found) {
  const std::optional<host::Backend> backend = order.asked.backend;
  const os::SignalRelay relay;
  // Made as who may open all that the engine names; the keep's process is the container's user's.
  auto plan = [&]() -> Result<host::LaunchPlan> {
    const os::SignalWindow window(relay);
    const bool attested = backend && host::is_attested(*backend);
    auto made = plan_of(order, std::move(found), attested);
    if (!made) return made;
    TRY(take_identity(order.config));
    return made;
  }();
  if (!plan) return plan.error();
  const host::KeepRun keep{backend,
                           [&](host::Backend which) { return machine_of(order.settings, which); },
                           [&]() -> Result<host::LaunchPlan> { return *std::move(plan); },
                           [&] { return order.asked.timeout; },
                           &tell,
                           std::string(),
                           false};
  const auto told = host::told_end(TRY(host::run_keep(keep, relay)));
  if (told.status == number(launch::ExitStatus::Trap) && !told.text.empty()) tell(told.text);
  return told.status;
}

}  // namespace

Outline outline_of(const Config& config) {
  return {config.root, config.process.arguments, config.process.environment,
          config.process.directory, config.annotations};
}

void open_door(const Folder& folder) {
  std::error_code error;
  std::filesystem::remove(folder.path(Folder::door), error);
}

Checked<host::RunOptions> run_options_of(const InitOrder& order) {
  host::RunOptions options;
  const Process& process = order.config.process;
  options.arguments.assign(process.arguments.begin() + 1, process.arguments.end());
  for (const std::string& variable : process.environment) {
    const std::size_t equals = variable.find('=');
    options.environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
  }
  options.volumes = order.settings.volumes;
  options.invoke = order.asked.invoke;
  options.timeout = order.asked.timeout;
  options.max_memory_bytes = order.asked.max_memory_bytes;
  options.directories.push_back({order.root, "/", order.config.root_read_only});
  for (const Mount& mount : order.config.mounts) {
    if (mount.kind != Mount::Kind::Directory) continue;
    const std::string source =
        mount.source[0] == '/' ? mount.source : concat(order.bundle, "/", mount.source);
    std::error_code error;
    if (!std::filesystem::is_directory(source, error)) {
      return Refusal{concat("mount at ", base::quoted(mount.destination, 120), ": ",
                            base::quoted(source, 120),
                            " is no directory, and a keep takes nothing else")};
    }
    options.directories.push_back({source, mount.destination, mount.read_only});
  }
  return options;
}

host::MachineOptions machine_of(const Settings& settings, host::Backend backend) {
  host::MachineOptions machine;
  machine.simulator =
      backend == host::Backend::SgxSim ? settings.sgx_simulator : settings.simulator;
  if (host::is_attested(backend)) machine.signatures = settings.signatures;
  return machine;
}

core::Result<void, host::RunRefusal> take_identity(const Config& config) {
  const Process& process = config.process;
  std::optional<std::uint32_t> user = process.user;
  std::optional<std::uint32_t> group = process.group;
  std::vector<std::uint32_t> groups = process.groups;
  if (config.own_users) {
    user = outside_of(config.users, process.user);
    group = outside_of(config.groups, process.group);
    for (std::uint32_t& each : groups) {
      const auto outside = outside_of(config.groups, each);
      if (!outside) group = std::nullopt;
      each = outside.value_or(0);
    }
  }
  if (!user || !group) {
    return host::RunRefusal{"process.user: the container's ids are not mapped to any here"};
  }
  // What stands around a keep that is a machine needs this device, the keep never sees it.
  const auto machines = os::group_of("/dev/kvm");
  if (*user != 0 && machines) groups.push_back(*machines);
  const auto taken = os::take_identity(*user, *group, groups);
  if (taken) return {};
  return host::RunRefusal{concat("process.user: ", os::describe(taken.error()))};
}

void tell(std::string_view text) {
  const auto line = base::Printable::line(concat("merlon-oci: ", text));
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(concat(line.text(), "\n"))));
}

int run_keep_of(const InitOrder& order, FoundWorkload found) {
  const auto status = run(order, std::move(found));
  if (status) return *status;
  tell(status.error().text);
  return number(status.error().status);
}

}  // namespace merlon::container
