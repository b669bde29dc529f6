#include "merlon/container/create.h"

#include <csignal>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/codec/time.h"
#include "merlon/container/cgroups.h"
#include "merlon/container/found_workload.h"
#include "merlon/container/hooks.h"
#include "merlon/container/init.h"
#include "merlon/container/keep_of.h"
#include "merlon/container/talk.h"
#include "merlon/os/channel.h"
#include "merlon/os/clock.h"
#include "merlon/os/container.h"
#include "merlon/os/fifo.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::container {

using base::concat;

namespace {

Refusal failed(std::string_view what, os::Errno reason) {
  return {concat(what, ": ", os::describe(reason))};
}

std::string now_text() {
  constexpr std::uint64_t second = 1'000'000'000;
  const auto now = os::now(os::Clock::Realtime);
  return codec::to_rfc3339({now ? static_cast<std::int64_t>(*now / second) : 0});
}

std::string root_of(const std::string& path, const std::string& bundle) {
  return path.starts_with('/') ? path : concat(bundle, "/", path);
}

/// Whether its groups can be done without: who is no root has none, and wants no limits.
bool needs_groups(const Resources& resources) {
  return os::user_id() == 0 || resources.memory_limit.value_or(-1) > 0 ||
         resources.cpu_quota.value_or(-1) > 0 || resources.processes.value_or(-1) > 0;
}

/// Everything that `create` makes, in the order in which it is made; what is not finished is taken
/// away again.
class Creation {
 public:
  Creation(const CreateOrder& order, const Log& log, Folder folder)
      : order_(order), log_(log), folder_(std::move(folder)) {}
  ~Creation() {
    if (finished_) return;
    if (init_) {
      static_cast<void>(init_->signal(SIGKILL));
      static_cast<void>(init_->wait());
    }
    static_cast<void>(clear_groups(state_.groups));
    folder_.remove();
  }
  Creation(const Creation&) = delete;
  Creation& operator=(const Creation&) = delete;

  Checked<Made> make(const std::string& text, Config config, Asked asked) {
    const os::Fd lock = TRY(folder_.lock());
    hooks_ = config.hooks;
    auto groups = TRY(note(text, config));
    const bool has_terminal = config.process.terminal && order_.terminal.number() >= 0;
    const bool own_session = !order_.attached || !order_.console_socket.empty() || has_terminal;
    InitOrder order{text,
                    std::move(config),
                    std::move(asked),
                    order_.bundle,
                    state_.root,
                    order_.settings,
                    order_.console_socket,
                    own_session,
                    has_terminal ? order_.terminal : os::BorrowedFd(-1)};
    order.groups = std::move(groups);
    auto channel = os::open_channel();
    if (!channel) return failed("channel", channel.error());
    const auto child = os::fork_process();
    if (!child) return failed("init process", child.error());
    if (!*child) {
      channel->here.close();
      os::end_process(run_init(order, folder_, state_, std::move(channel->there)));
    }
    init_ = *child;
    channel->there.close();
    TRY(bring_up(channel->here));
    finished_ = true;
    return Made{folder_, *init_};
  }

 private:
  /// The folder's files, and then the groups.
  Checked<std::vector<std::string>> note(const std::string& text, const Config& config) {
    state_ = {order_.id, order_.bundle,     root_of(config.root, order_.bundle), 0, 0, now_text(),
              {},        config.annotations};
    const auto all = TRY(hierarchies());
    const auto place = TRY(place_of(config.cgroups_path, order_.id, order_.systemd));
    std::vector<std::string> groups = directories_of(all, place);
    // What is in them now would be ended with the container.
    if (!processes_in(groups).empty()) {
      return Refusal{
          concat("linux.cgroupsPath: ", base::quoted(place.path, 120), " holds processes already")};
    }
    state_.groups = groups;
    TRY(folder_.write(state_));
    const auto saved = os::write_setting(folder_.path(Folder::config_file), core::as_bytes(text));
    if (!saved) return failed("config.json", saved.error());
    if (const auto door = os::make_fifo(folder_.path(Folder::door)); !door) {
      return failed("start", door.error());
    }
    const auto made = make_groups(all, groups, config.resources);
    if (made) return groups;
    if (needs_groups(config.resources)) return made.error();
    log_.warning(concat("no control groups: ", made.error().text));
    return std::vector<std::string>();
  }

  /// What the init process says next must be `wanted`.
  Checked<void> expect(os::BorrowedFd channel, std::string_view wanted) {
    const auto line = hear(channel);
    if (line == wanted) return {};
    if (line && line->starts_with(word::refused)) {
      std::string_view rest = std::string_view(*line).substr(word::refused.size());
      if (!rest.empty()) rest.remove_prefix(1);
      const auto status = base::parse_decimal(rest.substr(0, rest.find(' ')));
      const std::size_t blank = rest.find(' ');
      const bool known = status && (*status == 126 || *status == 127);
      return Refusal{std::string(blank == std::string_view::npos ? rest : rest.substr(blank + 1)),
                     known ? static_cast<Status>(*status) : Status::Failed};
    }
    return Refusal{"the init process ended before the container was there"};
  }

  Checked<void> bring_up(os::BorrowedFd channel) {
    say(channel, word::go);
    TRY(expect(channel, word::network));
    state_.process = init_->id();
    const auto status = os::process_status(state_.process);
    if (!status) return failed("init process", status.error());
    state_.started = status->started;
    const std::string told = told_state(state_, Phase::Creating);
    TRY(run_hooks(hooks_.prestart, "prestart", told));
    TRY(run_hooks(hooks_.create_runtime, "createRuntime", told));
    say(channel, word::go);
    TRY(expect(channel, word::ready));
    TRY(folder_.write(state_));
    if (!order_.pid_file.empty()) TRY(write_pid_file());
    say(channel, word::go);
    return {};
  }

  /// Beside it first: nobody reads half of a number. What lies there may be anybody's, in a
  /// directory as /tmp, and would stay his to change, or hold this process up.
  Checked<void> write_pid_file() {
    const std::string beside = concat(order_.pid_file, ".new");
    std::error_code error;
    std::filesystem::remove(beside, error);
    const auto file = os::create_private_file(beside);
    if (!file) return failed("--pid-file", file.error());
    const auto written = os::write_all(*file, core::as_bytes(concat(state_.process)));
    if (written) std::filesystem::rename(beside, order_.pid_file, error);
    if (written && !error) return {};
    std::error_code ignored;
    std::filesystem::remove(beside, ignored);
    if (!written) return failed("--pid-file", written.error());
    return Refusal{concat("--pid-file: ", error.message())};
  }

  const CreateOrder& order_;
  const Log& log_;
  Folder folder_;
  State state_;
  Hooks hooks_;
  std::optional<os::ChildProcess> init_;
  bool finished_ = false;
};

/// Ends the init process and waits until it has; its keep ends with it.
Checked<void> end(const State& state) {
  constexpr std::chrono::milliseconds pause{2};
  constexpr int patience = 500;
  for (int i = 0; i < patience && lives(state); ++i) {
    static_cast<void>(signal_init(state, SIGKILL));
    static_cast<void>(os::poll({}, pause));
  }
  if (lives(state)) return Refusal{"the container's process does not end"};
  return {};
}

/// Of what is noted; nothing where the container was never whole.
Hooks hooks_of(const Folder& folder) {
  const auto text = folder.text_of(Folder::config_file, max_config_size);
  if (!text) return {};
  auto config = read_config(*text);
  return config ? std::move(config->hooks) : Hooks();
}

}  // namespace

Checked<std::string> absolute_path(const std::string& path) {
  std::error_code error;
  const auto whole = std::filesystem::canonical(path, error);
  if (error) return Refusal{concat(base::printable(path), ": ", error.message())};
  return whole.string();
}

Checked<std::string> read_config_text(const std::string& bundle) {
  const std::string path = concat(bundle, "/config.json");
  const auto file = os::open_file(path);
  if (!file) return failed(base::printable(path), file.error());
  const auto bytes = os::read_all(*file, max_config_size);
  if (!bytes) return failed(base::printable(path), bytes.error());
  return std::string(core::as_text(*bytes));
}

Checked<Side> side_of(std::string_view text, const std::string& bundle, const Settings& settings) {
  const Outline outline = TRY(read_outline(text));
  const auto told = TRY(told_side(outline));
  if (told && *told) return Side::Keep;
  if (settings.native_runtime.empty()) {
    if (!told) return Side::Keep;  // which says what is wrong with it
    return Refusal{concat("annotation ", annotation::runtime,
                          ": no native runtime is named (--native-runtime)")};
  }
  if (told) return Side::Native;
  const auto root = os::open_directory(root_of(outline.root, bundle));
  if (!root) return failed(concat("root.path ", base::printable(outline.root)), root.error());
  // What is not there is the native runtime's to tell, in the words that its engine knows.
  const auto found = find_workload(*root, outline);
  return found && *found ? Side::Keep : Side::Native;
}

Checked<Made> create(const CreateOrder& order, const std::string& text, const Log& log) {
  Config config = TRY(read_config(text));
  Asked asked = TRY(read_asked(config, order.settings));
  const bool has_terminal = !order.console_socket.empty() || order.terminal.number() >= 0;
  if (config.process.terminal && !has_terminal) {
    return Refusal{"process.terminal: wants --console-socket"};
  }
  if (!config.process.terminal && !order.console_socket.empty()) {
    return Refusal{"--console-socket: the container has no terminal"};
  }
  Folder folder = TRY(Folder::make(order.root, order.id));
  Creation creation(order, log, std::move(folder));
  return creation.make(text, std::move(config), std::move(asked));
}

Checked<void> start(const Folder& folder, const Log& log) {
  State state;
  {
    const os::Fd lock = TRY(folder.lock());
    state = TRY(folder.read());
    const Phase phase = folder.phase_of(state);
    if (phase != Phase::Created) {
      return Refusal{concat("cannot start a container that is ", name_of(phase))};
    }
    const auto knocked = os::knock(folder.path(Folder::door));
    if (!knocked) return failed("cannot start the container", knocked.error());
    constexpr std::chrono::milliseconds pause{1};
    constexpr int patience = 5000;
    for (int i = 0; i < patience && folder.phase_of(state) == Phase::Created; ++i) {
      static_cast<void>(os::poll({}, pause));
    }
  }
  const auto troubles = run_all_hooks(hooks_of(folder).poststart, "poststart",
                                      told_state(state, folder.phase_of(state)));
  for (const std::string& each : troubles) log.warning(each);
  return {};
}

Checked<void> remove(const Folder& folder, bool force, const Log& log) {
  const auto lock = folder.lock();
  // Somebody else has just deleted it.
  if (!lock && force && !os::exists(folder.own_path())) return {};
  if (!lock) return lock.error();
  const auto state = folder.read();
  if (!state) {
    // Nothing but the folder was made before there was a state.
    if (!force) return state.error();
    folder.remove();
    return {};
  }
  const Phase phase = folder.phase_of(*state);
  if (phase == Phase::Running && !force) {
    return Refusal{concat("cannot delete a container that is not stopped: it is ", name_of(phase))};
  }
  TRY(end(*state));
  TRY(clear_groups(state->groups));
  const auto troubles =
      run_all_hooks(hooks_of(folder).poststop, "poststop", told_state(*state, Phase::Stopped));
  for (const std::string& each : troubles) log.warning(each);
  folder.remove();
  return {};
}

}  // namespace merlon::container
