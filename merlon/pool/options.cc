#include "merlon/pool/options.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/base/version.h"
#include "merlon/command/numbers.h"
#include "merlon/command/own_commands.h"
#include "merlon/command/state_path.h"

namespace merlon::pool {

using base::concat;
using command::CommandSpec;
using command::number_of;
using command::OptionSpec;
using command::path_option;
using command::PositionalSpec;
using core::Result;

namespace {

constexpr std::array<std::string_view, 3> when_snapshots{"never", "where-slow", "always"};

constexpr auto serve_options = std::array{
    path_option(
        "--socket", "PATH",
        "Where to listen, a path at which nothing is yet; $XDG_RUNTIME_DIR/merlon-pool if not "
        "given."),
    OptionSpec{"--backend", "NAME", "A kind of keep to make ahead; kvm if none is given.", true,
               host::accepted_backends},
    OptionSpec{"--ready", "NUMBER", "Keeps that wait, of each kind and module: 2 if not given."},
    path_option("--prepare", "FILE|DIR",
                "A wasm file or package that keeps are prepared with before anybody asks.", true),
    OptionSpec{"--network", "",
               "Of --prepare: their launches may have sockets. Else a launch with sockets gets a "
               "keep that is not prepared, and the next one does."},
    OptionSpec{"--directories", "", "The same for directories of this machine."},
    OptionSpec{"--modules", "NUMBER",
               "Modules that keeps are prepared with at a time, those that are asked for most "
               "recently: 8 if not given. 0: keeps are blank."},
    OptionSpec{"--wait", "",
               "Who brings a module that no keep is prepared with waits for one, instead of "
               "getting a blank one."},
    OptionSpec{"--keeps", "NUMBER", "Keeps that run at a time, at most: 1024 if not given."},
    OptionSpec{"--snapshots", "WHEN",
               "Whether micro-VMs begin as copies of one that has been prepared: never, where-slow "
               "(where that takes longer than 50 ms; what holds if nothing is given), always.",
               false, when_snapshots},
    path_option(
        "--simulator", "DIR",
        "The simulated platform of backend snp-sim; $XDG_STATE_HOME/merlon/simulator if not "
        "given."),
    path_option("--simulator-sgx", "DIR",
                "That of backend sgx-sim; $XDG_STATE_HOME/merlon/simulator-sgx if not given."),
};

constexpr auto all_commands = std::array{
    CommandSpec{"serve",
                "Make keeps ahead, for who runs workloads on this machine",
                "merlon run --pool PATH takes a keep that waits here, which is quicker than "
                "starting one; where none waits it starts its own. Keeps are the user's own: "
                "nobody else can use the socket. They end with the pool, which when it is told to "
                "end (SIGTERM) first waits for those that run. This is what merlon-pool does where "
                "no command is named. Arguments may also stand in a file: @FILE, in TOML. "
                "docs/pools.md.",
                {},
                serve_options},
    command::completion_command,
    command::man_command,
};

constexpr command::Program pool{"merlon-pool", base::version,
                                "Keeps that are made ahead, so that a launch need not wait.",
                                all_commands};

/// Of a value that the table has let pass.
Snapshots snapshots_of(std::string_view when) noexcept {
  if (when == "never") return Snapshots::Never;
  return when == "always" ? Snapshots::Always : Snapshots::WhereSlow;
}

}  // namespace

const command::Program& program() noexcept { return pool; }

Result<Options, std::string> options_of(const command::Arguments& arguments,
                                        const command::Terminal& terminal) {
  Options options;
  const std::string runtime = terminal.variable("XDG_RUNTIME_DIR");
  options.socket = arguments.value(
      "--socket", runtime.starts_with('/') ? concat(runtime, "/merlon-pool") : std::string());
  if (options.socket.empty()) {
    return std::string("--socket must be given: XDG_RUNTIME_DIR names no directory");
  }
  PoolSettings& settings = options.settings;
  for (const std::string& each : arguments.values("--backend")) {
    const auto backend = host::find_backend(each);
    if (!backend) return concat("--backend: there is no ", base::quoted(each));
    settings.backends.push_back(*backend);
  }
  if (settings.backends.empty()) settings.backends.push_back(host::strongest_backend);
  constexpr std::size_t most_ready = 256;
  constexpr std::size_t most_modules = 1024;
  constexpr std::size_t most_keeps = 100'000;
  settings.ready = TRY(number_of(arguments, "--ready", {1, most_ready}, settings.ready));
  settings.modules = TRY(number_of(arguments, "--modules", {0, most_modules}, settings.modules));
  settings.keeps = TRY(number_of(arguments, "--keeps", {1, most_keeps}, settings.keeps));
  settings.waits = arguments.has("--wait");
  settings.snapshots = snapshots_of(arguments.value("--snapshots", "where-slow"));
  settings.simulator = arguments.value("--simulator", command::state_path(terminal, "simulator"));
  settings.simulator_sgx =
      arguments.value("--simulator-sgx", command::state_path(terminal, "simulator-sgx"));
  const auto prepare = arguments.values("--prepare");
  options.prepare.assign(prepare.begin(), prepare.end());
  if (options.prepare.size() > settings.modules) {
    return concat("--prepare: more than the ", settings.modules, " of --modules");
  }
  options.network = arguments.has("--network");
  options.directories = arguments.has("--directories");
  return options;
}

}  // namespace merlon::pool
