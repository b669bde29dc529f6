#include "merlon/container/commands.h"

#include <array>
#include <csignal>

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/container/cgroups.h"
#include "merlon/container/create.h"
#include "merlon/container/features.h"
#include "merlon/container/native.h"
#include "merlon/container/table.h"
#include "merlon/container/terminal_relay.h"
#include "merlon/host/run_keep.h"
#include "merlon/os/container.h"
#include "merlon/os/directory.h"

namespace merlon::container {

using base::concat;
using command::Arguments;
using command::Terminal;

namespace {

/// What every command begins with.
struct Call {
  const Arguments& arguments;
  const Terminal& terminal;
  Log log;
  std::string root;
  Settings settings;
  std::string id;
};

std::string root_of(const Arguments& arguments, const Terminal& terminal) {
  if (arguments.has("--root")) return arguments.value("--root");
  const std::string own = terminal.variable("XDG_RUNTIME_DIR");
  const bool rootless = os::user_id() != 0 && own.starts_with('/');
  return rootless ? concat(own, "/merlon-oci") : "/run/merlon-oci";
}

Log log_of(const Arguments& arguments) {
  const bool json = arguments.value("--log-format") == "json";
  return {arguments.value("--log"), json ? Log::Form::Json : Log::Form::Text};
}

Checked<Settings> settings_of(const Arguments& arguments, const Terminal& terminal) {
  std::string file = arguments.value("--config");
  if (file.empty()) file = terminal.variable("MERLON_OCI_CONFIG");
  Settings settings = TRY(read_settings_of(file));
  if (arguments.has("--native-runtime")) {
    settings.native_runtime = arguments.value("--native-runtime");
  }
  return settings;
}

using Act = Checked<int> (*)(const Call& call);

/// A refusal goes to who reads logs and to who reads standard error.
int act(const Arguments& arguments, const Terminal& terminal, Act what) {
  Log log = log_of(arguments);
  auto settings = settings_of(arguments, terminal);
  Checked<int> status = settings ? Checked<int>(0) : settings.error();
  if (settings) {
    const Call call{arguments,
                    terminal,
                    log_of(arguments),
                    root_of(arguments, terminal),
                    *std::move(settings),
                    arguments.positional(0)};
    status = what(call);
  }
  if (status) return *status;
  log.error(status.error().text);
  return command::fail(terminal, status.error().text, static_cast<int>(status.error().status));
}

Refusal native(const Call& call) {
  return become_native(call.settings.native_runtime, call.arguments.words,
                       call.terminal.variable("PATH"));
}

/// Ours, or a refusal; does not come back where it is the native runtime's.
Checked<Folder> folder_of(const Call& call) {
  TRY(check_id(call.id));
  auto folder = Folder::find(call.root, call.id);
  if (folder) return *std::move(folder);
  if (!call.settings.native_runtime.empty()) return native(call);
  return Refusal{concat("container ", call.id, " does not exist")};
}

Checked<CreateOrder> order_of(const Call& call, bool attached) {
  CreateOrder order;
  order.root = call.root;
  order.id = call.id;
  order.bundle = TRY(absolute_path(call.arguments.value("--bundle", ".")));
  order.pid_file = call.arguments.value("--pid-file");
  order.console_socket = call.arguments.value("--console-socket");
  order.systemd = call.arguments.has("--systemd-cgroup");
  order.attached = attached;
  order.settings = call.settings;
  return order;
}

/// Does not come back where it is the native runtime's.
Checked<Made> made_of(const Call& call, bool attached,
                      os::BorrowedFd terminal = os::BorrowedFd(-1)) {
  TRY(check_id(call.id));
  CreateOrder order = TRY(order_of(call, attached));
  order.terminal = terminal;
  const std::string text = TRY(read_config_text(order.bundle));
  const Side side = TRY(side_of(text, order.bundle, call.settings));
  if (side == Side::Native) return native(call);
  return create(order, text, call.log);
}

Checked<int> do_create(const Call& call) {
  TRY(made_of(call, false));
  return 0;
}

Checked<int> do_start(const Call& call) {
  const Folder folder = TRY(folder_of(call));
  TRY(start(folder, call.log));
  return 0;
}

/// The terminal of a container that is stayed with, and who carries what is said on it.
struct Screen {
  std::optional<os::NewTerminal> terminal{};
  std::optional<os::ChildProcess> carrier{};

  [[nodiscard]] os::BorrowedFd line() const noexcept {
    return terminal ? os::BorrowedFd(terminal->line) : os::BorrowedFd(-1);
  }
  /// From here on only the container has the line.
  Checked<void> begin() {
    if (!terminal) return {};
    terminal->line.close();
    const auto started = start_terminal_relay(std::move(terminal->keyboard));
    if (!started) return Refusal{concat("terminal: ", os::describe(started.error()))};
    carrier = *started;
    return {};
  }
  /// Everything that was said on it has been carried.
  void end() const {
    if (carrier) static_cast<void>(carrier->wait());
  }
};

/// For a container that wants a terminal and has nobody else to give it one.
Checked<Screen> screen_of(const Call& call, bool detached) {
  Screen screen;
  if (detached || call.arguments.has("--console-socket")) return screen;
  const auto text = read_config_text(call.arguments.value("--bundle", "."));
  const auto config = text ? read_config(*text) : Checked<Config>(text.error());
  // What is wrong with it, its making tells.
  if (!config || !config->process.terminal) return screen;
  auto made = os::open_terminal();
  if (!made) return Refusal{concat("terminal: ", os::describe(made.error()))};
  const Process& process = config->process;
  if (process.rows != 0 && process.columns != 0) {
    static_cast<void>(os::set_window(made->line, process.rows, process.columns));
  }
  screen.terminal = *std::move(made);
  return screen;
}

Checked<int> do_run(const Call& call) {
  const bool detached = call.arguments.has("--detach");
  Screen screen = TRY(screen_of(call, detached));
  const os::SignalRelay relay;
  const Made made = TRY(made_of(call, !detached, screen.line()));
  std::optional<os::RawTerminal> raw;
  if (screen.terminal) raw.emplace(os::BorrowedFd(0));
  Checked<void> started = screen.begin();
  if (started) started = start(made.folder, call.log);
  if (!started) {
    // Somebody may have ended it meanwhile, as by Ctrl-C: then that is how it ended.
    const auto gone = relay.wait_until(made.init, 0);
    static_cast<void>(remove(made.folder, true, call.log));
    const bool was_killed = gone && *gone && (*gone)->kind == os::ExitStatus::Kind::Killed;
    if (was_killed) return host::told_end(**gone).status;
    return started.error();
  }
  if (detached) return 0;
  const auto ended = relay.wait(made.init);
  screen.end();
  if (!call.arguments.has("--keep")) TRY(remove(made.folder, true, call.log));
  if (!ended) return Refusal{concat("cannot wait: ", os::describe(ended.error()))};
  return host::told_end(*ended).status;
}

Checked<int> do_state(const Call& call) {
  const Folder folder = TRY(folder_of(call));
  const State state = TRY(folder.read());
  return command::print(call.terminal, concat(told_state(state, folder.phase_of(state)), "\n"));
}

Checked<int> do_kill(const Call& call) {
  const Folder folder = TRY(folder_of(call));
  const std::string name = call.arguments.positional(1);
  const auto number = signal_named(name.empty() ? "TERM" : name);
  if (!number) return Refusal{concat("there is no signal ", base::quoted(name)), Status::Usage};
  const State state = TRY(folder.read());
  const bool all = call.arguments.has("--all");
  const auto sent = signal_init(state, *number);
  const bool has_ended = !sent && sent.error() == os::Errno::Srch;
  if (has_ended && !all) return Refusal{"container not running"};
  if (!sent && !has_ended) {
    return Refusal{concat("cannot signal the container: ", os::describe(sent.error()))};
  }
  if (all) signal_others(state.groups, *number, state.process);
  return 0;
}

Checked<int> do_delete(const Call& call) {
  const bool force = call.arguments.has("--force");
  TRY(check_id(call.id));
  const bool is_there = Folder::find(call.root, call.id).has_value();
  if (force && !is_there && call.settings.native_runtime.empty()) return 0;
  const Folder folder = TRY(folder_of(call));
  TRY(remove(folder, force, call.log));
  return 0;
}

void write_item(codec::JsonWriter& json, const State& state, Phase phase) {
  const std::pair<std::string_view, std::string> items[] = {{"id", state.id},
                                                            {"status", std::string(name_of(phase))},
                                                            {"bundle", state.bundle},
                                                            {"rootfs", state.root},
                                                            {"created", state.created}};
  json.open_object();
  for (const auto& [name, text] : items) {
    json.key(name);
    json.text(text);
  }
  json.key("pid");
  json.number(phase == Phase::Stopped ? std::uint64_t{0}
                                      : static_cast<std::uint64_t>(state.process));
  json.close_object();
}

Checked<int> do_list(const Call& call) {
  const bool quiet = call.arguments.has("--quiet");
  const bool as_json = call.arguments.value("--format") == "json";
  codec::JsonWriter json;
  json.open_array();
  std::string text = quiet ? "" : "ID\tPID\tSTATUS\tBUNDLE\tCREATED\n";
  const std::vector<std::string> ids = os::names_in(call.root).value_or(std::vector<std::string>());
  for (const std::string& id : ids) {
    const auto folder = Folder::find(call.root, id);
    const auto state = folder ? folder->read() : Checked<State>(Refusal{});
    if (!state) continue;
    const Phase phase = folder->phase_of(*state);
    write_item(json, *state, phase);
    text += quiet ? concat(id, "\n")
                  : concat(id, "\t", phase == Phase::Stopped ? 0 : state->process, "\t",
                           name_of(phase), "\t", state->bundle, "\t", state->created, "\n");
  }
  json.close_array();
  return command::print(call.terminal, as_json && !quiet ? concat(json.result(), "\n") : text);
}

Checked<int> do_ps(const Call& call) {
  const Folder folder = TRY(folder_of(call));
  const State state = TRY(folder.read());
  codec::JsonWriter json;
  json.open_array();
  std::string text = "PID\n";
  for (const std::int64_t process : processes_in(state.groups)) {
    json.number(static_cast<std::uint64_t>(process));
    text += concat(process, "\n");
  }
  json.close_array();
  const bool as_json = call.arguments.value("--format") == "json";
  return command::print(call.terminal, as_json ? concat(json.result(), "\n") : text);
}

Checked<int> do_features(const Call& call) {
  return command::print(call.terminal, concat(features(), "\n"));
}

Checked<int> do_exec(const Call& call) {
  TRY(folder_of(call));
  return Refusal{"exec: a keep runs nothing but its workload; nobody enters it",
                 Status::NotExecutable};
}
Checked<int> do_pause(const Call& call) {
  TRY(folder_of(call));
  return Refusal{"pause: a keep is not held up"};
}
Checked<int> do_resume(const Call& call) {
  TRY(folder_of(call));
  return Refusal{"resume: a keep is not held up"};
}
Checked<int> do_update(const Call& call) {
  TRY(folder_of(call));
  return Refusal{"update: the limits of a keep stay what they were when it was made"};
}

template <Act what>
int command_of(const Arguments& arguments, const Terminal& terminal) {
  return act(arguments, terminal, what);
}

constexpr auto all_handlers = std::array{command::Handler{"create", &command_of<&do_create>},
                                         command::Handler{"start", &command_of<&do_start>},
                                         command::Handler{"state", &command_of<&do_state>},
                                         command::Handler{"kill", &command_of<&do_kill>},
                                         command::Handler{"delete", &command_of<&do_delete>},
                                         command::Handler{"run", &command_of<&do_run>},
                                         command::Handler{"list", &command_of<&do_list>},
                                         command::Handler{"ps", &command_of<&do_ps>},
                                         command::Handler{"features", &command_of<&do_features>},
                                         command::Handler{"exec", &command_of<&do_exec>},
                                         command::Handler{"pause", &command_of<&do_pause>},
                                         command::Handler{"resume", &command_of<&do_resume>},
                                         command::Handler{"update", &command_of<&do_update>}};

}  // namespace

std::span<const command::Handler> handlers() noexcept { return all_handlers; }

}  // namespace merlon::container
