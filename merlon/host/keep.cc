#include "merlon/host/keep.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/host/programs.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/preparation.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::host {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

std::string_view program_of(Backend backend) {
  switch (backend) {
    case Backend::Nil: return "merlon-keep";
    case Backend::Kvm:
    case Backend::SnpSim: return "merlon-vmm";
    case Backend::Sgx:
    case Backend::SgxSim: return "merlon-vmm-sgx";
    case Backend::Snp: return "merlon-vmm-snp";
  }
  return "merlon-keep";
}

void add_snapshot(std::vector<std::string>& arguments, SnapshotUse use) {
  switch (use) {
    case SnapshotUse::None: return;
    case SnapshotUse::Save: arguments.emplace_back("--save"); return;
    case SnapshotUse::Restore: arguments.emplace_back("--restore"); return;
  }
}

std::vector<std::string> arguments_of(Backend backend, const MachineOptions& machine) {
  std::vector<std::string> arguments{std::string(program_of(backend))};
  if (backend == Backend::Nil) return arguments;
  if (!machine.world.empty() && program_of(backend) == "merlon-vmm") {
    arguments.emplace_back("--world");
    arguments.push_back(machine.world);
  }
  if (is_simulated(backend)) {
    arguments.emplace_back("--simulator");
    arguments.push_back(machine.simulator);
  }
  if (machine.proves && backend == Backend::SnpSim) arguments.emplace_back("--proves");
  if (is_attested(backend) && !machine.signatures.empty()) {
    arguments.emplace_back("--signatures");
    arguments.push_back(machine.signatures);
  }
  if (machine.statistics) arguments.emplace_back("--stats");
  if (machine.only_try) arguments.emplace_back("--try");
  add_snapshot(arguments, machine.snapshot);
  return arguments;
}

Result<os::ChildProcess> spawn(Backend backend, const MachineOptions& machine,
                               os::BorrowedFd channel) {
  const std::array<std::string, 2> paths = TRY(program_paths(program_of(backend)));
  const std::vector<std::string> arguments = arguments_of(backend, machine);
  std::vector<os::BorrowedFd> others{channel};
  if (machine.snapshot != SnapshotUse::None) others.emplace_back(machine.snapshot_file);
  for (const std::string& path : paths) {
    auto process = os::ChildProcess::spawn(path, arguments, others);
    if (process) return *process;
    if (process.error() != os::Errno::Noent) {
      return HostError{os::to_error(process.error(), "").code,
                       concat("cannot start ", path, ": ", os::describe(process.error()))};
    }
  }
  return HostError{core::ErrorCode::NotFound, concat("cannot find ", program_of(backend),
                                                     "; looked for ", paths[0], " and ", paths[1])};
}

/// When a keep with this limit must have ended by itself, long since.
std::uint64_t deadline_of(std::optional<std::chrono::nanoseconds> limit) {
  constexpr std::uint64_t never = ~std::uint64_t{0};
  constexpr std::chrono::nanoseconds grace = std::chrono::seconds(2);
  const auto now = os::now(os::Clock::Monotonic);
  if (!limit || !now || *limit > std::chrono::nanoseconds::max() - grace) return never;
  return *now + static_cast<std::uint64_t>((*limit + grace).count());
}

bool is_socket(int number) noexcept {
  const auto status = os::status(os::BorrowedFd(number));
  return status && status->type == os::FileType::Socket;
}

/// As launch::reach_of() will find it in the keep.
bool reaches_network(const LaunchPlan& plan) {
  const auto is_connection = [](const launch::FileEntry& file) {
    return file.kind == launch::FileKind::Listen || file.kind == launch::FileKind::Connect;
  };
  return is_socket(0) || is_socket(1) || is_socket(2) || plan.message.dials() ||
         std::ranges::any_of(plan.message.files, is_connection);
}

bool reaches_directories(const LaunchPlan& plan) {
  return std::ranges::any_of(plan.message.files, [](const launch::FileEntry& file) {
    return file.kind == launch::FileKind::Directory;
  });
}

}  // namespace

Keep::Keep(Backend backend, std::optional<os::ChildProcess> process, os::Fd channel) noexcept
    : backend_(backend), process_(process), channel_(std::move(channel)) {}

Keep::Keep(Keep&& other) noexcept
    : backend_(other.backend_),
      process_(other.process_),
      channel_(std::move(other.channel_)),
      running_(std::exchange(other.running_, false)),
      waits_for_delivery_(other.waits_for_delivery_),
      taken_(std::exchange(other.taken_, std::nullopt)) {}

Keep::~Keep() {
  // A pool that is no longer listened to ends what was taken from it.
  if (!running_ || taken_) return;
  static_cast<void>(process_->signal(SIGKILL));
  static_cast<void>(process_->wait());
}

Result<Keep> Keep::start(Backend backend, const MachineOptions& machine) {
  if (is_simulated(backend) && machine.simulator.empty()) {
    return HostError{core::ErrorCode::NotFound,
                     "no directory of a simulated platform: neither XDG_STATE_HOME nor HOME says "
                     "where it is"};
  }
  auto channel = os::open_channel();
  if (!channel) {
    return HostError{os::to_error(channel.error(), "").code,
                     concat("cannot open a channel to a keep: ", os::describe(channel.error()))};
  }
  const os::ChildProcess process = TRY(spawn(backend, machine, channel->there));
  return Keep(backend, process, std::move(channel->here));
}

Keep::Parts Keep::take_apart() noexcept {
  running_ = false;
  return {*process_, std::move(channel_)};
}

std::optional<Keep> Keep::take(const std::string& socket, Backend backend, const LaunchPlan& plan) {
  // A pool may be told to prepare a keep first, which takes as long as compiling its module.
  constexpr std::chrono::seconds patience(10);
  auto pool = os::connect_local(socket, patience);
  // Whoever answers there gets all that this user has opened for the launch.
  if (!pool || !os::is_of_this_user(*pool)) return std::nullopt;
  auto module = os::duplicate(plan.module);
  if (!module) return std::nullopt;
  const launch::PoolQuestion question{static_cast<std::uint8_t>(backend), reaches_network(plan),
                                      reaches_directories(plan), *std::move(module)};
  if (!launch::send(*pool, question)) return std::nullopt;
  std::array<os::PollItem, 1> answer{{{pool->number(), POLLIN, 0}}};
  if (os::poll(answer, patience).value_or(0) == 0) return std::nullopt;
  auto taken = launch::receive_pool_answer(*pool);
  if (!taken || !*taken) return std::nullopt;
  Keep keep(backend, std::nullopt, std::move((*taken)->channel));
  keep.taken_ = Taken{(*taken)->prepared, std::move((*taken)->process), *std::move(pool)};
  return keep;
}

Result<launch::Readiness> Keep::readiness(const os::SignalRelay& relay,
                                          std::optional<std::chrono::nanoseconds> limit) const {
  // A process that confines itself needs nothing that a machine could lack.
  if (backend_ == Backend::Nil || taken_) return launch::Readiness{true, ""};
  const auto readable = relay.wait_readable(channel_, deadline_of(limit));
  if (!readable || !*readable) {
    return HostError{core::ErrorCode::Unavailable,
                     concat(program_of(backend_), " does not say whether it is ready")};
  }
  auto heard = launch::receive_readiness(channel_);
  if (heard) return *std::move(heard);
  return HostError{heard.error().code,
                   concat("cannot start ", program_of(backend_), ": ", heard.error().message())};
}

Result<launch::Readiness> try_backend(Backend backend) {
  MachineOptions options;
  options.only_try = true;
  const os::SignalRelay relay;
  const Keep keep = TRY(Keep::start(backend, options));
  return keep.readiness(relay, std::nullopt);
}

/// A keep that was made ahead has streams of its own till now, and perhaps the module.
Result<void> Keep::send_streams(LaunchPlan& plan) const {
  if (taken_->prepared) {
    plan.message.purpose = launch::Purpose::RunPrepared;
    plan.module.close();
  }
  constexpr auto streams = std::array{os::BorrowedFd(0), os::BorrowedFd(1), os::BorrowedFd(2)};
  const auto sent = launch::send_streams(channel_, streams);
  if (!sent && sent.error().code != core::ErrorCode::Unavailable) {
    return HostError{sent.error().code,
                     concat("cannot launch the workload: ", sent.error().message())};
  }
  return {};
}

Result<void> Keep::launch(LaunchPlan plan) {
  if (taken_) TRY(send_streams(plan));
  if (backend_ != Backend::Nil) plan.message.confinement = launch::Confinement::Machine;
  std::vector<os::BorrowedFd> descriptors;
  if (plan.module.is_open()) descriptors.emplace_back(plan.module);
  if (plan.archive.is_open()) descriptors.emplace_back(plan.archive);
  if (plan.steward.is_open()) descriptors.emplace_back(plan.steward);
  if (plan.registry.is_open()) descriptors.emplace_back(plan.registry);
  if (plan.dialler.is_open()) descriptors.emplace_back(plan.dialler);
  if (plan.volume.is_open()) descriptors.emplace_back(plan.volume);
  descriptors.insert(descriptors.end(), plan.descriptors.begin(), plan.descriptors.end());
  const auto sent = launch::send(channel_, plan.message, descriptors);
  waits_for_delivery_ = plan.message.purpose == launch::Purpose::Receive;
  // A proof comes back on the same way, and so does the end of a keep that was made ahead.
  if (plan.message.purpose == launch::Purpose::Run && !taken_) channel_.close();
  if (!sent && sent.error().code != core::ErrorCode::Unavailable) {
    return HostError{sent.error().code,
                     concat("cannot launch the workload: ", sent.error().message())};
  }
  return {};
}

Result<launch::Proof> Keep::proof(const os::SignalRelay& relay,
                                  std::optional<std::chrono::nanoseconds> limit) {
  const auto readable = relay.wait_readable(channel_, deadline_of(limit));
  if (!readable || !*readable) {
    return HostError{core::ErrorCode::Unavailable, "the keep does not prove itself in time"};
  }
  auto answer = launch::receive_proof(channel_);
  if (!waits_for_delivery_ && !taken_) channel_.close();
  if (!answer) {
    return HostError{answer.error().code,
                     concat("the keep does not prove itself: ", answer.error().message())};
  }
  if (!answer->refusal.empty()) {
    return HostError{core::ErrorCode::Unsupported, base::printable(answer->refusal)};
  }
  return std::move(answer->proof);
}

Result<os::Fd> Keep::deliver(core::ByteView sealed) {
  if (const auto sent = os::write_all(channel_, sealed); !sent) {
    return HostError{core::ErrorCode::Unavailable,
                     concat("the keep does not take the delivery: ", os::describe(sent.error()))};
  }
  return std::move(channel_);
}

/// The keep says how the workload ended; if it cannot, the pool says how its process did.
Result<std::optional<os::ExitStatus>> Keep::wait_taken(const os::SignalRelay& relay,
                                                       std::uint64_t deadline) {
  const auto hears = [&](os::BorrowedFd from) -> Result<bool> {
    const auto heard = relay.wait_readable_for(from, taken_->process, deadline);
    if (heard) return *heard;
    return HostError{core::ErrorCode::Internal,
                     concat("cannot wait for the keep: ", os::describe(heard.error()))};
  };
  if (!TRY(hears(channel_))) return std::optional<os::ExitStatus>();
  if (const auto status = launch::receive_end(channel_)) {
    return std::optional(os::ExitStatus{os::ExitStatus::Kind::Exited, *status});
  }
  // A keep that has closed the channel, or speaks out of turn, may run on: signals and the time
  // limit still reach it.
  if (!TRY(hears(taken_->pool))) return std::optional<os::ExitStatus>();
  const auto ended = launch::receive_process_end(taken_->pool);
  if (ended) return std::optional(*ended);
  return HostError{ended.error().code, "the pool has ended, and the keep with it"};
}

Result<std::optional<os::ExitStatus>> Keep::wait(const os::SignalRelay& relay,
                                                 std::optional<std::chrono::nanoseconds> limit) {
  if (taken_) return wait_taken(relay, deadline_of(limit));
  const auto status = relay.wait_until(*process_, deadline_of(limit));
  if (!status) {
    return HostError{core::ErrorCode::Internal,
                     concat("cannot wait for the keep: ", os::describe(status.error()))};
  }
  if (*status) running_ = false;
  return *status;
}

}  // namespace merlon::host
