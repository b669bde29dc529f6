#pragma once

// Private to the room: the words of a program's commands as a tree, for completion scripts.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/command/command.h"

namespace merlon::command {

struct DescribedWord {
  std::string_view word;
  std::string summary;
};

class CommandWords {
 public:
  explicit CommandWords(const Program& program) : program_(program) {}

  [[nodiscard]] std::string_view program() const noexcept { return program_.name; }
  /// The program's name as shells let functions be called.
  [[nodiscard]] std::string identifier() const;

  /// The first word of every command, once.
  [[nodiscard]] std::vector<std::string_view> first_words() const;
  /// Commands of several words that start with `first`; hidden ones are no word's to complete.
  [[nodiscard]] std::vector<const CommandSpec*> commands_below(std::string_view first) const;
  /// Null if there is none of that whole name.
  [[nodiscard]] const CommandSpec* command_named(std::string_view name) const;
  /// The words that may follow `group`, each once.
  [[nodiscard]] std::vector<std::string_view> next_words(std::string_view group) const;
  /// The same, each with what to say of it.
  [[nodiscard]] std::vector<DescribedWord> described_words(std::string_view group) const;
  /// Beginnings of commands that are no commands themselves, `first` among them if it is none.
  [[nodiscard]] std::vector<std::string> groups_of(std::string_view first) const;
  /// What to say of a command or a group: of a group, what is in it.
  [[nodiscard]] std::string summary_of(std::string_view name) const;
  /// Every command and group, in front of its last word the ones before: " run", "evidence verify".
  /// A script grows the command that is being written by them, word for word.
  [[nodiscard]] std::vector<std::string> steps() const;

 private:
  const Program& program_;
};

}  // namespace merlon::command
