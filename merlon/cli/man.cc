// The man page merlon(1), made from the command table.

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/cli/help.h"
#include "merlon/cli/table.h"

namespace merlon::cli {

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

std::string item(std::string_view label, std::string_view text) {
  return concat(".TP\n\\fB", escaped(label), "\\fR\n", escaped(text), "\n");
}

std::string section(const CommandSpec& command) {
  std::string out = concat(".SS ", escaped(command.name), "\n.B ", escaped(synopsis(command)),
                           "\n.PP\n", escaped(command.text), "\n");
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

int man(const Arguments& /*arguments*/, const Terminal& terminal) {
  std::string out = concat(".TH MERLON 1 \"\" \"merlon ", version,
                           "\" \"User Commands\"\n"
                           ".SH NAME\nmerlon \\- run WebAssembly programs in keeps\n"
                           ".SH SYNOPSIS\n.B merlon\n.I COMMAND\n"
                           ".SH COMMANDS\n");
  for (const CommandSpec& command : commands()) {
    if (!command.hidden) out += section(command);
  }
  out += ".SH EXIT STATUS\n";
  for (const ExitStatusText& text : exit_statuses()) {
    out += item(concat(text.status), text.meaning);
  }
  out += item("128+N", "The keep was ended by signal N.");
  out += item("others", "The program's own.");
  out +=
      item("merlon evidence",
           "Has its own: 0 accepted or done, 1 a file, policy or time cannot be used, 2 and 74 as "
           "above, 3 the evidence was refused, 4 it could not be judged.");
  out += ".SH ENVIRONMENT\n";
  out += item("MERLON_BACKEND, ENARX_BACKEND", "The backend where --backend is not given.");
  out += ".SH FILES\n";
  out +=
      item("Enarx.toml", "What a package asks for; merlon config init writes one to start from.");
  return print(terminal, out);
}

}  // namespace merlon::cli
