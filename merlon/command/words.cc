#include "merlon/command/words.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::command {

using base::concat;

std::string CommandWords::identifier() const {
  std::string made(program_.name);
  std::ranges::replace(made, '-', '_');
  return made;
}

std::vector<std::string_view> CommandWords::first_words() const {
  std::vector<std::string_view> words;
  for (const CommandSpec& command : program_.commands) {
    const std::string_view word = command.name.substr(0, command.name.find(' '));
    const bool known = std::ranges::find(words, word) != words.end();
    if (!command.hidden && !known) words.push_back(word);
  }
  return words;
}

std::vector<const CommandSpec*> CommandWords::commands_below(std::string_view first) const {
  std::vector<const CommandSpec*> below;
  for (const CommandSpec& command : program_.commands) {
    const bool is_below = command.name.starts_with(concat(first, " "));
    if (is_below && !command.hidden) below.push_back(&command);
  }
  return below;
}

const CommandSpec* CommandWords::command_named(std::string_view name) const {
  for (const CommandSpec& command : program_.commands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::vector<std::string_view> CommandWords::next_words(std::string_view group) const {
  std::vector<std::string_view> words;
  for (const CommandSpec* command : commands_below(group)) {
    const std::string_view rest = command->name.substr(group.size() + 1);
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
  }
  return words;
}

std::vector<std::string> CommandWords::groups_of(std::string_view first) const {
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

std::string CommandWords::summary_of(std::string_view name) const {
  if (const CommandSpec* command = command_named(name)) return std::string(command->summary);
  std::string text;
  for (const std::string_view word : next_words(name)) {
    text += concat(text.empty() ? "" : ", ", word);
  }
  return text;
}

std::vector<std::string> CommandWords::steps() const {
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

std::vector<DescribedWord> CommandWords::described_words(std::string_view group) const {
  std::vector<DescribedWord> words;
  for (const std::string_view word : next_words(group)) {
    words.push_back({word, summary_of(concat(group, " ", word))});
  }
  return words;
}

}  // namespace merlon::command
