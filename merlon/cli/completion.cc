// Completion scripts, made from the command table.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli/table.h"
#include "merlon/launch/exit_status.h"

namespace merlon::cli {

using base::concat;

namespace {

/// The first word of every command, once.
std::vector<std::string_view> first_words() {
  std::vector<std::string_view> words;
  for (const CommandSpec& command : commands()) {
    const std::string_view word = command.name.substr(0, command.name.find(' '));
    const bool known = std::ranges::find(words, word) != words.end();
    if (!command.hidden && !known) words.push_back(word);
  }
  return words;
}

/// The second words of commands that start with `first`; a command of one word has none.
std::vector<const CommandSpec*> commands_below(std::string_view first) {
  std::vector<const CommandSpec*> below;
  for (const CommandSpec& command : commands()) {
    if (command.name.starts_with(concat(first, " "))) below.push_back(&command);
  }
  return below;
}

const CommandSpec* command_named(std::string_view name) {
  for (const CommandSpec& command : commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

/// The words that may follow `group`, each once.
std::vector<std::string_view> next_words(std::string_view group) {
  std::vector<std::string_view> words;
  for (const CommandSpec* command : commands_below(group)) {
    const std::string_view rest = command->name.substr(group.size() + 1);
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  }
  return words;
}

/// Beginnings of commands that are no commands themselves, `first` among them if it is none.
std::vector<std::string> groups_of(std::string_view first) {
  std::vector<std::string> groups;
  if (command_named(first) == nullptr) groups.emplace_back(first);
  for (const CommandSpec* command : commands_below(first)) {
    const std::string_view name = command->name;
    for (std::size_t at = name.find(' ', first.size() + 1); at != std::string_view::npos;
         at = name.find(' ', at + 1)) {
      const std::string group(name.substr(0, at));
      if (std::ranges::find(groups, group) == groups.end()) groups.push_back(group);
    }
  }
  return groups;
}

/// What to say of a first word: the command's summary, or that of the only command below it.
std::string_view summary_of(std::string_view first) {
  const CommandSpec* command = command_named(first);
  return command != nullptr ? command->summary : commands_below(first).front()->summary;
}

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += concat(text.empty() ? "" : " ", word);
  return text;
}

/// `text` with a backslash before each of `characters`.
std::string escaped(std::string_view text, std::string_view characters) {
  std::string out;
  for (const char c : text) {
    if (characters.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

constexpr std::array<std::string_view, 3> shells{"bash", "zsh", "fish"};

std::span<const std::string_view> words_for_positional(const CommandSpec& command) {
  return command.name == "completion" ? std::span<const std::string_view>(shells)
                                      : std::span<const std::string_view>();
}

std::string bash_command(const CommandSpec& command) {
  std::string out = concat("    \"", command.name, "\")\n      case \"$previous\" in\n");
  std::string options;
  for (const OptionSpec& option : command.options) {
    options += concat(option.name, " ");
    if (option.value.empty()) continue;
    out += concat("        ", option.name, ") ");
    if (option.path) out += "_merlon_files; ";
    if (!option.choices.empty()) out += concat("_merlon_words \"", joined(option.choices), "\"; ");
    out += "return ;;\n";
  }
  out += concat("      esac\n      case \"$current\" in\n        -*) _merlon_words \"", options,
                "--help\" ;;\n        *) ");
  const auto words = words_for_positional(command);
  if (!words.empty()) {
    out += concat("_merlon_words \"", joined(words), "\"");
  } else {
    out += command.positionals.empty() ? ":" : "_merlon_files";
  }
  return out + " ;;\n      esac ;;\n";
}

std::string bash() {
  std::string patterns;
  std::string cases;
  for (const std::string_view first : first_words()) {
    patterns += concat(patterns.empty() ? "" : "|", "\" ", first, "\"");
    for (const CommandSpec* command : commands_below(first)) {
      patterns += concat("|\"", command->name, "\"");
      cases += bash_command(*command);
    }
    for (const std::string& group : groups_of(first)) {
      if (group != first) patterns += concat("|\"", group, "\"");
      cases += concat("    \"", group, "\") _merlon_words \"", joined(next_words(group)),
                      " --help\" ;;\n");
    }
    if (const CommandSpec* command = command_named(first)) cases += bash_command(*command);
  }
  return concat(
      "# bash completion for merlon\n"
      "_merlon_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\"); }\n"
      "_merlon_files() {\n"
      "  compopt -o filenames 2>/dev/null\n"
      "  mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
      "}\n"
      "_merlon() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local command='' i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$command ${COMP_WORDS[i]}\" in\n"
      "      ",
      patterns,
      ")\n"
      "        command=${command:+$command }${COMP_WORDS[i]} ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$command\" in\n"
      "    \"\") _merlon_words \"",
      joined(first_words()), " --help --version\" ;;\n", cases,
      "  esac\n"
      "}\n"
      "complete -F _merlon merlon\n");
}

std::string zsh_command(const CommandSpec& command, std::string_view indent) {
  std::string out = concat(indent, "_arguments '(- *)'{-h,--help}'[Print help]'");
  for (const OptionSpec& option : command.options) {
    const std::string help = escaped(option.help, "[]:'\\");
    out += concat(" \\\n", indent, "  ", option.repeatable ? "'*" : "'", option.name,
                  option.value.empty() ? "" : "=", "[", help, "]");
    if (!option.value.empty()) {
      out += concat(":", escaped(option.value, ":"), ":",
                    option.path ? "_files" : concat("(", joined(option.choices), ")"));
    }
    out += "'";
  }
  const auto words = words_for_positional(command);
  if (!words.empty()) {
    out += concat(" \\\n", indent, "  '1:shell:(", joined(words), ")'");
  } else if (!command.positionals.empty()) {
    out += concat(" \\\n", indent, "  '*:file:_files'");
  }
  return out + "\n";
}

std::string zsh_words(const std::vector<std::pair<std::string_view, std::string_view>>& words) {
  std::string out;
  for (const auto& [word, summary] : words) {
    out += concat(" '", word, ":", escaped(summary, ":'\\"), "'");
  }
  return out;
}

std::string zsh() {
  std::vector<std::pair<std::string_view, std::string_view>> top;
  std::string cases;
  for (const std::string_view first : first_words()) {
    top.emplace_back(first, summary_of(first));
    cases += concat("    ", first, ")\n");
    if (const CommandSpec* command = command_named(first)) {
      cases += zsh_command(*command, "      ");
    } else {
      std::vector<std::pair<std::string_view, std::string_view>> below;
      for (const std::string_view word : next_words(first)) {
        const std::string name = concat(first, " ", word);
        const CommandSpec* each = command_named(name);
        below.emplace_back(word, (each != nullptr ? each : commands_below(name).front())->summary);
      }
      cases +=
          concat("      local -a below=(", zsh_words(below), ")\n      _describe command below\n");
    }
    cases += "      ;;\n";
  }
  return concat(
      "#compdef merlon\n"
      "_merlon() {\n"
      "  local -a top=(",
      zsh_words(top),
      ")\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command top\n"
      "    _arguments '(- *)'{-h,--help}'[Print help]' '(- *)--version[Print the version]'\n"
      "    return\n"
      "  fi\n"
      "  local word=$words[2]\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $word in\n",
      cases,
      "  esac\n"
      "}\n"
      "_merlon \"$@\"\n");
}

std::string fish_options(const CommandSpec& command, std::string_view condition) {
  std::string out;
  for (const OptionSpec& option : command.options) {
    out += concat("complete -c merlon -n '", condition, "' -l ", option.name.substr(2));
    if (!option.choices.empty()) {
      out += concat(" -x -a '", joined(option.choices), "'");
    } else if (!option.value.empty()) {
      out += option.path ? " -r -F" : " -x";
    }
    out += concat(" -d '", escaped(option.help, "'\\"), "'\n");
  }
  const auto words = words_for_positional(command);
  if (!words.empty()) {
    out += concat("complete -c merlon -n '", condition, "' -f -a '", joined(words), "'\n");
  } else {
    out += concat("complete -c merlon -n '", condition,
                  command.positionals.empty() ? "' -f\n" : "' -F\n");
  }
  return out;
}

std::string fish() {
  std::string out =
      "# fish completion for merlon\n"
      "complete -c merlon -s h -l help -d 'Print help'\n"
      "complete -c merlon -n __fish_use_subcommand -l version -d 'Print the version'\n";
  for (const std::string_view first : first_words()) {
    out += concat("complete -c merlon -n __fish_use_subcommand -f -a ", first, " -d '",
                  escaped(summary_of(first), "'\\"), "'\n");
    const std::string seen = concat("__fish_seen_subcommand_from ", first);
    for (const std::string& group : groups_of(first)) {
      const std::string below = group == first ? seen
                                               : concat("__fish_seen_subcommand_from ",
                                                        group.substr(group.rfind(' ') + 1));
      for (const std::string_view word : next_words(group)) {
        const std::string name = concat(group, " ", word);
        const CommandSpec* command = command_named(name);
        if (command == nullptr) command = commands_below(name).front();
        out += concat("complete -c merlon -n '", below, "' -f -a ", word, " -d '",
                      escaped(command->summary, "'\\"), "'\n");
      }
    }
    if (const CommandSpec* command = command_named(first)) out += fish_options(*command, seen);
  }
  return out;
}

}  // namespace

int completion(const Arguments& arguments, const Terminal& terminal) {
  const std::string shell = arguments.positional(0);
  if (shell == "bash") return print(terminal, bash());
  if (shell == "zsh") return print(terminal, zsh());
  if (shell == "fish") return print(terminal, fish());
  return fail(terminal,
              concat("there is no completion for ", base::quoted(shell),
                     "; there is for bash, zsh and fish"),
              launch::number(launch::ExitStatus::Usage));
}

}  // namespace merlon::cli
