#include "merlon/base/text.h"
#include "merlon/command/script.h"

namespace merlon::command {

using base::concat;

namespace {

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
  const auto choices = choices_of(command);
  if (!choices.empty()) {
    out += concat(" \\\n", indent, "  '1:word:(", joined(choices), ")'");
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

}  // namespace

std::string zsh_script(const CommandWords& words) {
  const std::string id = words.identifier();
  std::vector<DescribedWord> top;
  std::string cases;
  const auto add = [&](const CommandSpec& command) {
    cases += concat("    '", command.name, "')\n", zsh_command(command, "      "), "      ;;\n");
  };
  for (const std::string_view first : words.first_words()) {
    top.push_back({first, words.summary_of(first)});
    for (const std::string& group : words.groups_of(first)) {
      cases += zsh_group(group, words.described_words(group), "");
    }
    for (const CommandSpec* command : words.commands_below(first)) add(*command);
    if (const CommandSpec* command = words.command_named(first)) add(*command);
  }
  return concat("#compdef ", words.program(),
                "\n"
                "_",
                id,
                "() {\n"
                "  local command=''\n"
                "  local -i i count=0\n"
                "  for ((i = 2; i < CURRENT; ++i)); do\n"
                "    case \"$command ${words[i]}\" in\n"
                "      (",
                patterns(words, "\"", "|"),
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
                "_",
                id, " \"$@\"\n");
}

}  // namespace merlon::command
