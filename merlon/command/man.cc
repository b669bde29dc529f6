#include "merlon/command/man.h"

#include "merlon/base/text.h"
#include "merlon/command/help.h"

namespace merlon::command {

using base::concat;

namespace {

/// Text for roff: its escapes and the characters it reads at the start of a line.
std::string escaped(std::string_view text) {
  std::string out;
  constexpr std::string_view ellipsis = "…";  // the one character beyond ASCII that we use
  while (!text.empty()) {
    if (text.starts_with(ellipsis)) {
      out += "...";
      text.remove_prefix(ellipsis.size());
      continue;
    }
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
      out += concat("\\&", c);
    } else {
      out += c;
    }
  }
  return out;
}

/// "Runs things." as the line of a name wants it: "runs things".
std::string phrase_of(std::string_view sentence) {
  std::string phrase(sentence.substr(0, sentence.find_last_not_of('.') + 1));
  if (!phrase.empty() && phrase[0] >= 'A' && phrase[0] <= 'Z') {
    phrase[0] = static_cast<char>(phrase[0] - 'A' + 'a');
  }
  return phrase;
}

std::string item(std::string_view label, std::string_view text) {
  return concat(".TP\n\\fB", escaped(label), "\\fR\n", escaped(text), "\n");
}

std::string section(const Program& program, const CommandSpec& command) {
  std::string out =
      concat(".SS ", escaped(command.name), "\n.B ", escaped(synopsis(program, command)), "\n.PP\n",
             escaped(command.text), "\n");
  for (const PositionalSpec& positional : command.positionals) {
    out += item(positional.name, positional.help);
  }
  for (const OptionSpec& option : command.options) {
    out += item(
        option.value.empty() ? std::string(option.name) : concat(option.name, " ", option.value),
        option.help);
  }
  return out;
}

}  // namespace

std::string man_page(const Program& program) {
  std::string upper(program.name);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  std::string out = concat(".TH ", escaped(upper), " 1 \"\" \"", program.name, " ", program.version,
                           "\" \"User Commands\"\n.SH NAME\n", escaped(program.name), " \\- ",
                           escaped(phrase_of(program.purpose)), "\n.SH SYNOPSIS\n.B ",
                           escaped(program.name), "\n.I COMMAND\n.SH COMMANDS\n");
  for (const CommandSpec& command : program.commands) {
    if (!command.hidden) out += section(program, command);
  }
  for (const ManSection& each : program.sections) {
    out += concat(".SH ", escaped(each.title), "\n");
    for (const ManItem& entry : each.items) out += item(entry.label, entry.text);
  }
  return out;
}

int print_man(const Program& program, const Terminal& terminal) {
  return print(terminal, man_page(program));
}

}  // namespace merlon::command
