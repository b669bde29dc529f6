#include "merlon/host/nil/keep.h"

#include <array>
#include <csignal>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/launch/channel.h"
#include "merlon/os/open.h"

namespace merlon::host::nil {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

constexpr const char* program = "merlon-keep";

/// Where merlon-keep may lie, best first: as built, and as installed.
Result<std::array<std::string, 2>> keep_paths() {
  const auto own = os::own_program();
  if (!own) {
    return HostError{core::ErrorCode::Internal,
                     concat("cannot find this program: ", os::describe(own.error()))};
  }
  const std::string folder = own->substr(0, own->rfind('/'));
  return std::array<std::string, 2>{concat(folder, "/", program),
                                    concat(folder, "/../libexec/merlon/", program)};
}

Result<os::ChildProcess> spawn(os::BorrowedFd channel) {
  const std::array<std::string, 2> paths = TRY(keep_paths());
  const std::array<std::string, 1> arguments{program};
  for (const std::string& path : paths) {
    auto process = os::ChildProcess::spawn(path, arguments, channel);
    if (process) return *process;
    if (process.error() != os::Errno::Noent) {
      return HostError{os::to_error(process.error(), "").code,
                       concat("cannot start ", path, ": ", os::describe(process.error()))};
    }
  }
  return HostError{core::ErrorCode::NotFound,
                   concat("cannot find merlon-keep; looked for ", paths[0], " and ", paths[1])};
}

}  // namespace

Keep::Keep(os::ChildProcess process, os::Fd channel) noexcept
    : process_(process), channel_(std::move(channel)) {}

Keep::Keep(Keep&& other) noexcept
    : process_(other.process_),
      channel_(std::move(other.channel_)),
      running_(std::exchange(other.running_, false)) {}

Keep::~Keep() {
  if (!running_) return;
  static_cast<void>(process_.signal(SIGKILL));
  static_cast<void>(process_.wait());
}

Result<Keep> Keep::start() {
  auto channel = os::open_channel();
  if (!channel) {
    return HostError{os::to_error(channel.error(), "").code,
                     concat("cannot open a channel to a keep: ", os::describe(channel.error()))};
  }
  const os::ChildProcess process = TRY(spawn(channel->there));
  return Keep(process, std::move(channel->here));
}

Result<void> Keep::launch(const LaunchPlan& plan) {
  std::vector<os::BorrowedFd> descriptors{plan.module};
  descriptors.insert(descriptors.end(), plan.descriptors.begin(), plan.descriptors.end());
  const auto sent = launch::send(channel_, plan.message, descriptors);
  channel_.close();
  if (!sent && sent.error().code != core::ErrorCode::Unavailable) {
    return HostError{sent.error().code,
                     concat("cannot launch the workload: ", sent.error().message())};
  }
  return {};
}

Result<os::ExitStatus> Keep::wait(const os::SignalRelay& relay) {
  const auto status = relay.wait(process_);
  if (!status) {
    return HostError{core::ErrorCode::Internal,
                     concat("cannot wait for the keep: ", os::describe(status.error()))};
  }
  running_ = false;
  return *status;
}

}  // namespace merlon::host::nil
