#include "merlon/container/init.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/container/cgroups.h"
#include "merlon/container/found_workload.h"
#include "merlon/container/hooks.h"
#include "merlon/container/keep_of.h"
#include "merlon/container/sealed_keep.h"
#include "merlon/container/talk.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/channel.h"
#include "merlon/os/container.h"
#include "merlon/os/detach.h"
#include "merlon/os/fifo.h"
#include "merlon/os/file.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/surrender.h"
#include "merlon/os/terminal.h"

namespace merlon::container {

using base::concat;

namespace {

constexpr int channel_number = 3;

Refusal failed(std::string_view what, os::Errno reason) {
  return {concat(what, ": ", os::describe(reason))};
}

/// No descriptor of who called reaches the keep.
Checked<os::Fd> keep_only(os::Fd channel) {
  if (channel.number() != channel_number) {
    const auto put = os::put_in_place_of(channel_number, channel);
    if (!put) return failed("descriptors", put.error());
    channel = os::Fd::adopt(channel_number);
  }
  static_cast<void>(os::close_from(channel_number + 1));
  return channel;
}

/// An engine to whom a container's words do not matter gives it a /dev/null that is open for
/// reading only. They are then lost, as they should be, and no error of the workload's.
void take_streams() {
  for (const int number : {1, 2}) {
    const auto flags = os::open_flags(os::BorrowedFd(number));
    if (!flags || flags->access != os::Access::Read) continue;
    const auto nothing = os::open_device("/dev/null");
    if (nothing) static_cast<void>(os::put_in_place_of(number, *nothing));
  }
}

Checked<void> take_network(const Config& config) {
  switch (config.network.kind) {
    case Network::Kind::Host: return {};
    case Network::Kind::New: {
      const auto made = os::make_network();
      if (!made) return failed("linux.namespaces: network", made.error());
      break;
    }
    case Network::Kind::Joined: {
      const auto joined = os::join_network(config.network.path);
      if (!joined) {
        return failed(concat("linux.namespaces: network ", base::printable(config.network.path)),
                      joined.error());
      }
      break;
    }
  }
  for (const auto& [name, value] : config.settings) {
    std::string path = "/proc/sys/";
    for (const char c : name) path += c == '.' ? '/' : c;
    const auto written = os::write_setting(path, core::as_bytes(value));
    if (!written) return failed(concat("linux.sysctl: ", name), written.error());
  }
  return {};
}

/// The container's terminal, whose other side goes to who listens at the socket.
Checked<void> make_terminal(const InitOrder& order) {
  if (order.terminal.number() >= 0) {
    // It is on the standard streams already.
    const auto taken = os::take_terminal(os::BorrowedFd(0));
    if (!taken) return failed("terminal", taken.error());
    return {};
  }
  if (!order.config.process.terminal || order.console_socket.empty()) return {};
  constexpr std::chrono::seconds patience{10};
  const auto terminal = os::open_terminal();
  if (!terminal) return failed("terminal", terminal.error());
  const Process& process = order.config.process;
  if (process.rows != 0 && process.columns != 0) {
    static_cast<void>(os::set_window(terminal->line, process.rows, process.columns));
  }
  const auto socket = os::connect_local(order.console_socket, patience);
  if (!socket) return failed("--console-socket", socket.error());
  const std::array keyboard{os::BorrowedFd(terminal->keyboard)};
  const auto sent = os::send_with_descriptors(*socket, core::as_bytes(terminal->name), keyboard);
  if (!sent) return failed("--console-socket", sent.error());
  const auto taken = os::take_terminal(terminal->line);
  if (!taken) return failed("terminal", taken.error());
  return {};
}

Checked<void> take_limits(const Process& process) {
  if (process.oom_score) {
    const auto set =
        os::write_setting("/proc/self/oom_score_adj", core::as_bytes(concat(*process.oom_score)));
    // Only the machine's root may lower it; who asks for the same has it already.
    const bool is_no_matter = os::user_id() != 0;
    if (!set && !is_no_matter) return failed("process.oomScoreAdj", set.error());
  }
  for (const ResourceLimit& limit : process.limits) {
    const auto set = os::limit_resource(limit.name, limit.soft, limit.hard);
    if (!set) return failed(concat("process.rlimits: ", limit.name), set.error());
  }
  if (process.file_mask) os::set_file_mask(*process.file_mask);
  return {};
}

/// What is to become a keep: a program of the image, or whatever comes to a tenant's door.
struct Prepared {
  std::optional<FoundWorkload> found{};
  os::Fd tenants_door{};
};

/// Everything up to the start.
Checked<Prepared> prepare(const InitOrder& order, const State& state, os::BorrowedFd channel) {
  if (order.own_session) {
    if (const auto begun = os::begin_session(); !begun) return failed("session", begun.error());
  }
  if (hear(channel) != word::go) return Refusal{"whoever made this container is gone"};
  TRY(join(order.groups));
  TRY(take_network(order.config));
  say(channel, word::network);
  if (hear(channel) != word::go) return Refusal{"whoever made this container is gone"};
  TRY(run_hooks(order.config.hooks.create_container, "createContainer",
                told_state(state, Phase::Creating)));
  TRY(make_terminal(order));
  Prepared prepared;
  if (order.asked.sealed) {
    prepared.tenants_door = TRY(open_tenants_door(order.asked));
  } else {
    const auto root = os::open_directory(order.root);
    if (!root) return failed(concat("root.path ", base::printable(order.root)), root.error());
    const Outline outline = outline_of(order.config);
    prepared.found = TRY(find_workload(*root, outline));
    if (!prepared.found) return no_webassembly(outline);
    TRY(run_options_of(order));
  }
  TRY(take_limits(order.config.process));
  return prepared;
}

}  // namespace

int run_init(const InitOrder& order, const Folder& folder, const State& state, os::Fd given) {
  os::set_process_name("merlon-oci:init");
  os::forget_signal_actions();
  if (order.terminal.number() >= 0) {
    for (const int number : {0, 1, 2}) {
      static_cast<void>(os::put_in_place_of(number, order.terminal));
    }
  }
  take_streams();
  auto channel = keep_only(std::move(given));
  if (!channel) return static_cast<int>(Status::Failed);
  auto prepared = prepare(order, state, *channel);
  auto door = os::open_fifo(folder.path(Folder::door));
  if (prepared && !door) prepared = failed("cannot wait for the start", door.error());
  if (!prepared) {
    const Refusal& why = prepared.error();
    say(*channel, concat(word::refused, " ", static_cast<int>(why.status), " ",
                         base::printable(why.text, 4096)));
    return static_cast<int>(why.status);
  }
  // Whoever makes it notes what it is; if he is gone before, nobody knows of this process.
  if (!say(*channel, word::ready) || hear(*channel) != word::go) {
    return static_cast<int>(Status::Failed);
  }
  channel->close();
  for (;;) {
    const auto knocked = os::wait_at(*door);
    if (knocked) break;
    if (knocked.error() != os::Errno::Intr) return static_cast<int>(Status::Failed);
  }
  door->close();
  open_door(folder);
  if (!prepared->found) {
    const Refusal why = become_door(order, prepared->tenants_door);
    tell(why.text);
    return static_cast<int>(why.status);
  }
  return run_keep_of(order, *std::move(prepared->found));
}

}  // namespace merlon::container
