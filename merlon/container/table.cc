#include "merlon/container/table.h"

#include <algorithm>
#include <array>
#include <csignal>

#include "merlon/base/text.h"
#include "merlon/base/version.h"
#include "merlon/command/own_commands.h"

namespace merlon::container {

using command::CommandSpec;
using command::OptionSpec;
using command::PositionalSpec;

namespace {

constexpr OptionSpec file(std::string_view name, std::string_view value, std::string_view help) {
  return {name, value, help, true, {}, true};
}
/// Engines may say it twice; the last one holds.
constexpr OptionSpec flag(std::string_view name, std::string_view help) {
  return {name, "", help, true};
}

constexpr std::array<std::string_view, 2> log_forms{"text", "json"};
constexpr std::array<std::string_view, 2> list_forms{"table", "json"};

#define MERLON_OCI_OWN_OPTIONS                                                               \
  file("--root", "DIR", "Where the containers' state is; /run/merlon-oci if not given."),    \
      file("--log", "FILE", "Where errors are written, beside standard error."),             \
      OptionSpec{"--log-format", "FORM", "Of that file: text or json.", true, log_forms},    \
      flag("--debug", "Accepted; nothing more is told."),                                    \
      flag("--systemd-cgroup", "linux.cgroupsPath is SLICE:PREFIX:NAME."),                   \
      OptionSpec{"--rootless", "WHEN", "Accepted.", true},                                   \
      file("--native-runtime", "PROGRAM", "What runs containers that hold no WebAssembly."), \
      file("--config", "FILE", "Instead of /etc/merlon/oci.toml.")

constexpr auto own_options = std::array{MERLON_OCI_OWN_OPTIONS};

#define MERLON_OCI_MAKING_OPTIONS                                                          \
  file("--bundle", "DIR", "Where config.json is; the working directory if not given."),    \
      file("--pid-file", "FILE", "Where the init process's number is written."),           \
      file("--console-socket", "SOCKET", "Who gets the container's terminal."),            \
      OptionSpec{"--preserve-fds", "NUMBER", "Accepted; a keep gets none of them.", true}, \
      flag("--no-pivot", "Accepted."), flag("--no-new-keyring", "Accepted.")

constexpr auto create_options = std::array{MERLON_OCI_MAKING_OPTIONS, MERLON_OCI_OWN_OPTIONS};
constexpr auto run_options =
    std::array{MERLON_OCI_MAKING_OPTIONS, flag("--detach", "Come back when it runs."),
               flag("--keep", "Leave it to be deleted when it has ended."), MERLON_OCI_OWN_OPTIONS};
constexpr auto kill_options =
    std::array{flag("--all", "Every process of the container."), MERLON_OCI_OWN_OPTIONS};
constexpr auto delete_options =
    std::array{flag("--force", "Whatever it does, and if there is none."), MERLON_OCI_OWN_OPTIONS};
constexpr auto list_options =
    std::array{OptionSpec{"--format", "FORM", "table or json.", true, list_forms},
               flag("--quiet", "Ids alone."), MERLON_OCI_OWN_OPTIONS};
constexpr auto exec_options = std::array{file("--pid-file", "FILE", "Accepted."),
                                         file("--process", "FILE", "Accepted."),
                                         file("--resources", "FILE", "Accepted."),
                                         file("--console-socket", "SOCKET", "Accepted."),
                                         OptionSpec{"--cwd", "DIR", "Accepted.", true},
                                         OptionSpec{"--env", "NAME=VALUE", "Accepted.", true},
                                         OptionSpec{"--user", "UID[:GID]", "Accepted.", true},
                                         OptionSpec{"--cap", "NAME", "Accepted.", true},
                                         OptionSpec{"--preserve-fds", "NUMBER", "Accepted.", true},
                                         flag("--tty", "Accepted."),
                                         flag("--detach", "Accepted."),
                                         flag("--no-new-privs", "Accepted."),
                                         MERLON_OCI_OWN_OPTIONS};

constexpr auto id = std::array{PositionalSpec{"ID", "The container's name."}};
constexpr auto kill_words =
    std::array{PositionalSpec{"ID", "The container's name."},
               PositionalSpec{"SIGNAL", "TERM if not given; a name or a number.", false}};

#undef MERLON_OCI_OWN_OPTIONS
#undef MERLON_OCI_MAKING_OPTIONS

constexpr auto all_commands = std::array{
    CommandSpec{"create", "Make a container that waits for its start",
                "Reads config.json of the bundle, makes control groups and an init process, and "
                "looks for the WebAssembly that it names. docs/container.md.",
                id, create_options},
    CommandSpec{"start", "Start the keep of a container", "Its init process waits for this.", id,
                own_options},
    CommandSpec{"state", "Print what is known of a container", "As JSON.", id, own_options},
    CommandSpec{"kill", "Send a signal to a container", "KILL ends it whatever it does.",
                kill_words, kill_options},
    CommandSpec{"delete", "Take a container away", "It must have ended.", id, delete_options},
    CommandSpec{
        "run", "Create, start, wait, delete",
        "Ends as the workload ends: its own exit status, 134 for a trap, 127 where there is "
        "no such file, 126 where it is no WebAssembly.",
        id, run_options},
    CommandSpec{"list", "List containers", "Those below --root.", {}, list_options},
    CommandSpec{"ps", "List the processes of a container", "Their numbers.", id, list_options},
    CommandSpec{"features", "Print what this runtime can do", "As JSON.", {}, own_options},
    CommandSpec{"exec", "Refused: a keep runs nothing but its workload",
                "Nobody enters a keep. For a container of the native runtime it is that one's.", id,
                exec_options, "WORD..."},
    CommandSpec{"pause", "Refused: a keep is not held up", "As exec.", id, own_options},
    CommandSpec{"resume", "Refused: a keep is not held up", "As exec.", id, own_options},
    CommandSpec{"update", "Refused: limits stay what they were", "As exec.", id, exec_options,
                "WORD..."},
    command::completion_command,
    command::man_command,
};

constexpr auto exit_items = std::array{
    command::ManItem{"126", "What the container is to run is no WebAssembly."},
    command::ManItem{"127", "What it is to run is not there."},
    command::ManItem{"134", "The workload trapped."},
    command::ManItem{"137", "Its memory limit was reached, or it was killed."},
};
constexpr auto sections = std::array{command::ManSection{"EXIT STATUS", exit_items}};

constexpr command::Program oci{"merlon-oci", base::version,
                               "Containers whose process is a keep, for engines that run OCI "
                               "bundles.",
                               all_commands, sections};

struct ShortOption {
  std::string_view letter;
  std::string_view word;
};
constexpr auto short_options = std::array{
    ShortOption{"-b", "--bundle"}, ShortOption{"-d", "--detach"},   ShortOption{"-f", "--format"},
    ShortOption{"-q", "--quiet"},  ShortOption{"-a", "--all"},      ShortOption{"-p", "--process"},
    ShortOption{"-t", "--tty"},    ShortOption{"-u", "--user"},     ShortOption{"-e", "--env"},
    ShortOption{"-c", "--cap"},    ShortOption{"-r", "--resources"}};

struct SignalName {
  std::string_view name;
  int number;
};
constexpr auto signals = std::array{
    SignalName{"HUP", SIGHUP},       SignalName{"INT", SIGINT},   SignalName{"QUIT", SIGQUIT},
    SignalName{"ILL", SIGILL},       SignalName{"TRAP", SIGTRAP}, SignalName{"ABRT", SIGABRT},
    SignalName{"BUS", SIGBUS},       SignalName{"FPE", SIGFPE},   SignalName{"KILL", SIGKILL},
    SignalName{"USR1", SIGUSR1},     SignalName{"SEGV", SIGSEGV}, SignalName{"USR2", SIGUSR2},
    SignalName{"PIPE", SIGPIPE},     SignalName{"ALRM", SIGALRM}, SignalName{"TERM", SIGTERM},
    SignalName{"CHLD", SIGCHLD},     SignalName{"CONT", SIGCONT}, SignalName{"STOP", SIGSTOP},
    SignalName{"TSTP", SIGTSTP},     SignalName{"TTIN", SIGTTIN}, SignalName{"TTOU", SIGTTOU},
    SignalName{"URG", SIGURG},       SignalName{"XCPU", SIGXCPU}, SignalName{"XFSZ", SIGXFSZ},
    SignalName{"VTALRM", SIGVTALRM}, SignalName{"PROF", SIGPROF}, SignalName{"WINCH", SIGWINCH},
    SignalName{"IO", SIGIO},         SignalName{"PWR", SIGPWR},   SignalName{"SYS", SIGSYS}};

/// Whether a value stands behind it.
bool takes_a_value(std::span<const OptionSpec> options, std::string_view word) {
  const auto found = std::ranges::find(options, word, &OptionSpec::name);
  return found != options.end() && !found->value.empty();
}

std::string long_form(std::string_view command, const std::string& word) {
  if (command == "delete" && word == "-f") return "--force";
  const auto* const found = std::ranges::find(short_options, word, &ShortOption::letter);
  return found == short_options.end() ? word : std::string(found->word);
}

/// The words of exec and update up to the container's name; what follows is for another program.
void respell_foreign(std::span<const std::string> words, std::vector<std::string>& all) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    all.push_back(long_form(all.front(), words[at]));
    if (takes_a_value(exec_options, all.back()) && at + 1 < words.size()) {
      all.push_back(words[++at]);
    } else if (!words[at].starts_with("-")) {
      all.emplace_back("--");
      const auto rest = words.subspan(at + 1);
      all.insert(all.end(), rest.begin(), rest.end());
      return;
    }
  }
}

}  // namespace

const command::Program& program() noexcept { return oci; }

std::vector<std::string> respelled(const std::vector<std::string>& words) {
  std::vector<std::string> own;
  std::size_t at = 0;
  for (; at < words.size() && words[at].starts_with("-"); ++at) {
    const std::string& word = words[at];
    if (word == "-v") {
      own.emplace_back("--version");
      continue;
    }
    own.push_back(word);
    // As Go's programs write booleans.
    if (word == "--systemd-cgroup=true" || word == "--debug=true") {
      own.back() = word.substr(0, word.find('='));
    }
    if (takes_a_value(own_options, word) && at + 1 < words.size()) own.push_back(words[++at]);
  }
  // What is asked of every program, whatever else stands there.
  for (const std::string_view asked : {"--version", "--help", "-h"}) {
    if (std::ranges::find(own, asked) != own.end()) return {std::string(asked)};
  }
  if (at == words.size()) return own;
  std::vector<std::string> all{words[at++]};
  all.insert(all.end(), own.begin(), own.end());
  const std::span<const std::string> rest = std::span(words).subspan(at);
  if (all.front() == "exec" || all.front() == "update") {
    respell_foreign(rest, all);
    return all;
  }
  for (const std::string& word : rest) all.push_back(long_form(all.front(), word));
  return all;
}

std::optional<int> signal_named(std::string_view text) {
  constexpr int last = 64;
  if (const auto number = base::parse_decimal(text)) {
    if (*number >= 1 && *number <= last) return static_cast<int>(*number);
    return std::nullopt;
  }
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  std::string_view name = upper;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto* const found = std::ranges::find(signals, name, &SignalName::name);
  if (found != signals.end()) return found->number;
  constexpr int first_real_time = 34;
  if (name == "RTMIN") return first_real_time;
  if (!name.starts_with("RTMIN+")) return std::nullopt;
  const auto above = base::parse_decimal(name.substr(std::string_view("RTMIN+").size()));
  if (!above || *above > last - first_real_time) return std::nullopt;
  return first_real_time + static_cast<int>(*above);
}

}  // namespace merlon::container
