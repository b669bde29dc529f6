#include "merlon/command/help.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::command {

using base::concat;

namespace {

constexpr std::size_t width = 90;

/// `text` broken at blanks; each line but the first starts with `indent` blanks.
std::string wrapped(std::string_view text, std::size_t indent) {
  std::string out;
  std::size_t column = indent;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column + word.size() + 1 > width && column > indent) {
      out += concat("\n", std::string(indent, ' '));
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

struct Row {
  std::string left;
  std::string_view right;
};

/// Two columns; a left side that is too wide gets a line of its own.
std::string table(const std::vector<Row>& rows) {
  constexpr std::size_t most = 30;
  std::size_t column = 0;
  for (const Row& row : rows) {
    if (row.left.size() <= most) column = std::max(column, row.left.size());
  }
  std::string out;
  for (const Row& row : rows) {
    out += concat("  ", row.left);
    if (row.left.size() > column) {
      out += concat("\n", std::string(column + 4, ' '));
    } else {
      out += std::string(column + 2 - row.left.size(), ' ');
    }
    out += concat(wrapped(row.right, column + 4), "\n");
  }
  return out;
}

}  // namespace

std::string synopsis(const Program& program, const CommandSpec& command) {
  std::string text = concat(program.name, " ", command.name);
  if (!command.options.empty()) text += " [OPTION]…";
  for (const PositionalSpec& positional : command.positionals) {
    text += positional.required ? concat(" ", positional.name) : concat(" [", positional.name, "]");
  }
  if (!command.rest.empty()) text += concat(" [-- ", command.rest, "…]");
  return text;
}

std::string help(const Program& program, const CommandSpec& command) {
  std::string text =
      concat("usage: ", synopsis(program, command), "\n\n", wrapped(command.text, 0), "\n");
  std::vector<Row> rows;
  for (const PositionalSpec& positional : command.positionals) {
    rows.push_back({std::string(positional.name), positional.help});
  }
  if (!rows.empty()) text += concat("\n", table(rows));
  rows.clear();
  for (const OptionSpec& option : command.options) {
    rows.push_back(
        {option.value.empty() ? std::string(option.name) : concat(option.name, " ", option.value),
         option.help});
  }
  rows.push_back({"-h, --help", "Print this help."});
  return text + concat("\n", table(rows));
}

std::string help(const Program& program, std::string_view group) {
  std::string text =
      concat("usage: ", program.name, " ", group, group.empty() ? "" : " ", "COMMAND\n\n");
  if (group.empty()) text += concat(program.purpose, "\n\n");
  std::vector<Row> rows;
  std::vector<Row> hidden;
  for (const CommandSpec& command : program.commands) {
    const bool asked = group.empty() || command.name.starts_with(concat(group, " "));
    if (!asked) continue;
    (command.hidden ? hidden : rows).push_back({std::string(command.name), command.summary});
  }
  text += table(rows.empty() ? hidden : rows);  // who names a group of hidden ones knows of them
  rows = {{"-h, --help", "Print this help; behind a command, help on it."},
          {"--version", "Print the version."}};
  return text + concat("\n", table(rows));
}

}  // namespace merlon::command
