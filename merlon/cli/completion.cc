// Completion scripts, made from the command table.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
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

/// What to say of a command or a group: of a group, what is in it.
std::string summary_of(std::string_view name) {
  if (const CommandSpec* command = command_named(name)) return std::string(command->summary);
  std::string text;
  for (const std::string_view word : next_words(name)) {
    text += concat(text.empty() ? "" : ", ", word);
  }
  return text;
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

/// `text` as the inside of single quotes for bash and zsh, where a backslash means nothing.
std::string inside_quotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
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

/// Every command and group, in front of its last word the ones before: " run", "evidence verify".
/// A script grows the command that is being written by them, word for word.
std::vector<std::string> steps() {
  std::vector<std::string> all;
  for (const std::string_view first : first_words()) {
    all.push_back(concat(" ", first));
    for (const std::string& group : groups_of(first)) {
      if (group != first) all.push_back(group);
    }
    for (const CommandSpec* command : commands_below(first)) all.emplace_back(command->name);
  }
  return all;
}

std::string patterns(std::string_view quote, std::string_view between) {
  std::string text;
  for (const std::string& step : steps()) {
    text += concat(text.empty() ? "" : between, quote, step, quote);
  }
  return text;
}

struct DescribedWord {
  std::string_view word;
  std::string summary;
};

/// The words that may follow `group`, each with what to say of it.
std::vector<DescribedWord> described_words(std::string_view group) {
  std::vector<DescribedWord> words;
  for (const std::string_view word : next_words(group)) {
    words.push_back({word, summary_of(concat(group, " ", word))});
  }
  return words;
}

std::string bash() {
  std::string cases;
  for (const std::string_view first : first_words()) {
    for (const CommandSpec* command : commands_below(first)) cases += bash_command(*command);
    for (const std::string& group : groups_of(first)) {
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
      patterns("\"", "|"),
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
    const std::string help = inside_quotes(escaped(option.help, "[]:\\"));
    out += concat(" \\\n", indent, "  ", option.repeatable ? "'*" : "'", option.name,
                  option.value.empty() ? "" : "=", "[", help, "]");
    if (!option.value.empty()) {
      out += concat(":", inside_quotes(escaped(option.value, ":")), ":",
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

std::string zsh_words(const std::vector<DescribedWord>& words) {
  std::string out;
  for (const auto& [word, summary] : words) {
    out += concat(" '", word, ":", inside_quotes(escaped(summary, ":\\")), "'");
  }
  return out;
}

/// What a group offers; `name` is empty for the words that begin a command.
std::string zsh_group(std::string_view name, const std::vector<DescribedWord>& words,
                      std::string_view options) {
  return concat(
      "    '", name, "')\n      local -a below=(", zsh_words(words),
      ")\n      _describe command below\n      _arguments '(- *)'{-h,--help}'[Print help]'",
      options, "\n      ;;\n");
}

std::string zsh() {
  std::vector<DescribedWord> top;
  std::string cases;
  const auto add = [&](const CommandSpec& command) {
    cases += concat("    '", command.name, "')\n", zsh_command(command, "      "), "      ;;\n");
  };
  for (const std::string_view first : first_words()) {
    top.push_back({first, summary_of(first)});
    for (const std::string& group : groups_of(first)) {
      cases += zsh_group(group, described_words(group), "");
    }
    for (const CommandSpec* command : commands_below(first)) add(*command);
    if (const CommandSpec* command = command_named(first)) add(*command);
  }
  return concat(
      "#compdef merlon\n"
      "_merlon() {\n"
      "  local command=''\n"
      "  local -i i count=0\n"
      "  for ((i = 2; i < CURRENT; ++i)); do\n"
      "    case \"$command ${words[i]}\" in\n"
      "      (",
      patterns("\"", "|"),
      ")\n"
      "        command=${command:+$command }${words[i]}\n"
      "        ((++count)) ;;\n"
      "    esac\n"
      "  done\n"
      "  shift $count words\n"
      "  ((CURRENT -= count))\n"
      "  case $command in\n",
      zsh_group("", top, " '(- *)--version[Print the version]'"), cases,
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
  std::string out = concat(
      "# fish completion for merlon\n"
      "function __merlon_is\n"
      "  set -l command ''\n"
      "  set -l words (commandline -opc)\n"
      "  for word in $words[2..-1]\n"
      "    switch \"$command $word\"\n"
      "      case ",
      patterns("'", " "),
      "\n"
      "        set command (string trim \"$command $word\")\n"
      "    end\n"
      "  end\n"
      "  test \"$command\" = \"$argv\"\n"
      "end\n"
      "complete -c merlon -s h -l help -d 'Print help'\n"
      "complete -c merlon -n __merlon_is -f -l version -d 'Print the version'\n");
  const auto word_of = [&](std::string_view condition, std::string_view word,
                           std::string_view summary) {
    out += concat("complete -c merlon -n '", condition, "' -f -a ", word, " -d '",
                  escaped(summary, "'\\"), "'\n");
  };
  for (const std::string_view first : first_words()) {
    word_of("__merlon_is", first, summary_of(first));
    for (const std::string& group : groups_of(first)) {
      for (const auto& [word, summary] : described_words(group)) {
        word_of(concat("__merlon_is ", group), word, summary);
      }
    }
    for (const CommandSpec* command : commands_below(first)) {
      out += fish_options(*command, concat("__merlon_is ", command->name));
    }
    if (const CommandSpec* command = command_named(first)) {
      out += fish_options(*command, concat("__merlon_is ", first));
    }
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
