#include "merlon/base/text.h"
#include "merlon/command/script.h"

namespace merlon::command {

using base::concat;

namespace {

std::string fish_options(std::string_view program, const CommandSpec& command,
                         std::string_view condition) {
  std::string out;
  for (const OptionSpec& option : command.options) {
    out += concat("complete -c ", program, " -n '", condition, "' -l ", option.name.substr(2));
    if (!option.choices.empty()) {
      out += concat(" -x -a '", joined(option.choices), "'");
    } else if (!option.value.empty()) {
      out += option.path ? " -r -F" : " -x";
    }
    out += concat(" -d '", escaped(option.help, "'\\"), "'\n");
  }
  const auto choices = choices_of(command);
  if (!choices.empty()) {
    out += concat("complete -c ", program, " -n '", condition, "' -f -a '", joined(choices), "'\n");
  } else {
    out += concat("complete -c ", program, " -n '", condition,
                  command.positionals.empty() ? "' -f\n" : "' -F\n");
  }
  return out;
}

}  // namespace

std::string fish_script(const CommandWords& words) {
  const std::string id = words.identifier();
  std::string out =
      concat("# fish completion for ", words.program(),
             "\n"
             "function __",
             id,
             "_is\n"
             "  set -l command ''\n"
             "  set -l words (commandline -opc)\n"
             "  for word in $words[2..-1]\n"
             "    switch \"$command $word\"\n"
             "      case ",
             patterns(words, "'", " "),
             "\n"
             "        set command (string trim \"$command $word\")\n"
             "    end\n"
             "  end\n"
             "  test \"$command\" = \"$argv\"\n"
             "end\n"
             "complete -c ",
             words.program(),
             " -s h -l help -d 'Print help'\n"
             "complete -c ",
             words.program(), " -n __", id, "_is -f -l version -d 'Print the version'\n");
  const auto word_of = [&](std::string_view condition, std::string_view word,
                           std::string_view summary) {
    out += concat("complete -c ", words.program(), " -n '", condition, "' -f -a ", word, " -d '",
                  escaped(summary, "'\\"), "'\n");
  };
  for (const std::string_view first : words.first_words()) {
    word_of(concat("__", id, "_is"), first, words.summary_of(first));
    for (const std::string& group : words.groups_of(first)) {
      for (const auto& [word, summary] : words.described_words(group)) {
        word_of(concat("__", id, "_is ", group), word, summary);
      }
    }
    for (const CommandSpec* command : words.commands_below(first)) {
      out += fish_options(words.program(), *command, concat("__", id, "_is ", command->name));
    }
    if (const CommandSpec* command = words.command_named(first)) {
      out += fish_options(words.program(), *command, concat("__", id, "_is ", first));
    }
  }
  return out;
}

}  // namespace merlon::command
