#include "merlon/base/text.h"
#include "merlon/command/script.h"

namespace merlon::command {

using base::concat;

namespace {

std::string bash_command(std::string_view id, const CommandSpec& command) {
  std::string out = concat("    \"", command.name, "\")\n      case \"$previous\" in\n");
  std::string options;
  for (const OptionSpec& option : command.options) {
    options += concat(option.name, " ");
    if (option.value.empty()) continue;
    out += concat("        ", option.name, ") ");
    if (option.path) out += concat("_", id, "_files; ");
    if (!option.choices.empty())
      out += concat("_", id, "_words \"", joined(option.choices), "\"; ");
    out += "return ;;\n";
  }
  out += concat("      esac\n      case \"$current\" in\n        -*) _", id, "_words \"", options,
                "--help\" ;;\n        *) ");
  const auto choices = choices_of(command);
  if (!choices.empty()) {
    out += concat("_", id, "_words \"", joined(choices), "\"");
  } else {
    out += command.positionals.empty() ? ":" : concat("_", id, "_files");
  }
  return out + " ;;\n      esac ;;\n";
}

}  // namespace

std::string bash_script(const CommandWords& words) {
  const std::string id = words.identifier();
  std::string cases;
  for (const std::string_view first : words.first_words()) {
    for (const CommandSpec* command : words.commands_below(first))
      cases += bash_command(id, *command);
    for (const std::string& group : words.groups_of(first)) {
      cases += concat("    \"", group, "\") _", id, "_words \"", joined(words.next_words(group)),
                      " --help\" ;;\n");
    }
    if (const CommandSpec* command = words.command_named(first))
      cases += bash_command(id, *command);
  }
  return concat("# bash completion for ", words.program(),
                "\n"
                "_",
                id,
                "_words() { mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$current\"); }\n"
                "_",
                id,
                "_files() {\n"
                "  compopt -o filenames 2>/dev/null\n"
                "  mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                "}\n"
                "_",
                id,
                "() {\n"
                "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
                "  local command='' i\n"
                "  COMPREPLY=()\n"
                "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
                "    case \"$command ${COMP_WORDS[i]}\" in\n"
                "      ",
                patterns(words, "\"", "|"),
                ")\n"
                "        command=${command:+$command }${COMP_WORDS[i]} ;;\n"
                "    esac\n"
                "  done\n"
                "  case \"$command\" in\n"
                "    \"\") _",
                id, "_words \"", joined(words.first_words()), " --help --version\" ;;\n", cases,
                "  esac\n"
                "}\n"
                "complete -F _",
                id, " ", words.program(), "\n");
}

}  // namespace merlon::command
