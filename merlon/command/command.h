#pragma once

// The shape of a command line: tables from which the parser, the help texts, the completion scripts
// and the man page are all made, for any program that has commands.

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/base/printable.h"

namespace merlon::command {

struct OptionSpec {
  std::string_view name;   ///< "--env"
  std::string_view value;  ///< what follows it, e.g. "NAME=VALUE"; empty: nothing does
  std::string_view help;   ///< one sentence
  bool repeatable = false;
  std::span<const std::string_view> choices{};  ///< the only values there are, if any
  bool path = false;                            ///< the value names a file or directory
};

/// One whose value names a file or directory.
constexpr OptionSpec path_option(std::string_view name, std::string_view value,
                                 std::string_view help, bool repeatable = false) {
  return {name, value, help, repeatable, {}, true};
}

struct PositionalSpec {
  std::string_view name;  ///< "FILE|DIR"
  std::string_view help;
  bool required = true;
  std::span<const std::string_view> choices{};  ///< for completion; else it is a file
};

/// What was given to one command.
class Arguments {
 public:
  [[nodiscard]] bool has(std::string_view option) const;
  /// The last value of `option`, else `fallback`.
  [[nodiscard]] std::string value(std::string_view option, std::string_view fallback = "") const;
  [[nodiscard]] std::span<const std::string> values(std::string_view option) const;
  /// A positional, in the order of the table; empty if it was not given.
  [[nodiscard]] std::string positional(std::size_t index) const;

  std::map<std::string, std::vector<std::string>, std::less<>> options;
  std::vector<std::string> positionals;
  std::vector<std::string> words;  ///< everything behind the program's name, as it was typed
  std::vector<std::string> rest;   ///< behind "--" or behind the positionals
};

/// What a command may use of the world around it; main makes it.
struct Terminal {
  std::string_view program;  ///< whose words these are: "merlon"
  /// Each writes one piece to standard output or standard error.
  bool (*out)(const base::Printable& text);
  bool (*err)(const base::Printable& text);
  /// An environment variable; empty if unset.
  std::string (*variable)(const char* name);
};

struct CommandSpec {
  std::string_view name;     ///< "run", "config init"; words of a group come first
  std::string_view summary;  ///< one line for lists
  std::string_view text;     ///< paragraphs for help and man page
  std::span<const PositionalSpec> positionals{};
  std::span<const OptionSpec> options{};
  std::string_view rest{};  ///< name of what may follow "--"; empty: nothing may
  bool hidden = false;
};

/// A label and what it stands for, in the man page.
struct ManItem {
  std::string_view label;
  std::string_view text;
};

/// A section of the man page behind the commands: "EXIT STATUS".
struct ManSection {
  std::string_view title;
  std::span<const ManItem> items;
};

/// A program with commands: all that its command line, help, completion and man page are made from.
/// Views of static data.
struct Program {
  std::string_view name;     ///< "merlon", as it is typed
  std::string_view version;  ///< "0.1.0"
  std::string_view purpose;  ///< "Runs WebAssembly programs in keeps."
  std::span<const CommandSpec> commands;
  std::span<const ManSection> sections{};
};

/// A command of the table and the function that does it; its result is the exit status.
struct Handler {
  std::string_view command;
  int (*run)(const Arguments& arguments, const Terminal& terminal);
};

/// Prints the program's name, ": " and `text`, made one printable line, to standard error; gives
/// `status`, so that a command can return it.
int fail(const Terminal& terminal, std::string_view text, int status);

/// Prints `text`, made printable, to standard output; the exit status of a command that has nothing
/// more to do.
[[nodiscard]] int print(const Terminal& terminal, std::string_view text,
                        base::Printable::Colours colours = base::Printable::Colours::Escaped);

}  // namespace merlon::command
