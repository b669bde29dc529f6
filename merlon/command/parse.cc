#include "merlon/command/parse.h"

#include <algorithm>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/command/suggest.h"

namespace merlon::command {

using base::concat;

namespace {

template <typename T>
using Result = core::Result<T, UsageError>;

enum class Which : std::uint8_t { All, Shown };

/// What may follow `group` ("" or "evidence policy"), each word once.
std::vector<std::string_view> words_behind(std::span<const CommandSpec> commands,
                                           std::string_view group, Which which) {
  std::vector<std::string_view> next;
  for (const CommandSpec& command : commands) {
    if (which == Which::Shown && command.hidden) continue;
    std::string_view rest = command.name;
    if (!group.empty()) {
      if (!rest.starts_with(concat(group, " "))) continue;
      rest.remove_prefix(group.size() + 1);
    }
    const std::string_view word = rest.substr(0, rest.find(' '));
    if (std::ranges::find(next, word) == next.end()) next.push_back(word);
  }
  return next;
}

bool is_option(std::string_view word) noexcept { return word.size() > 1 && word[0] == '-'; }
bool is_help(std::string_view word) noexcept { return word == "-h" || word == "--help"; }

UsageError unknown_option(const std::string& name, const CommandSpec* command) {
  std::vector<std::string_view> known{"--help"};
  if (command == nullptr) known.emplace_back("--version");
  if (command != nullptr) {
    for (const OptionSpec& option : command->options) known.push_back(option.name);
  }
  std::string text = concat("there is no option ", base::quoted(name), suggestion(name, known));
  if (command != nullptr && !command->rest.empty()) {
    text += "; what is meant for the program stands behind --";
  }
  return {std::move(text), command};
}

std::string listed(std::span<const std::string_view> words) {
  std::string list;
  for (const std::string_view word : words) list += concat(list.empty() ? "" : ", ", word);
  return list;
}

/// The words of one command line before its first "--", read from the left.
class CommandLine {
 public:
  CommandLine(std::span<const std::string> words, std::span<const CommandSpec> commands)
      : words_(words), commands_(commands) {}

  /// Words up to the command's name. Options among them are merlon's own.
  Result<void> read_command() {
    for (; at_ < words_.size() && command_ == nullptr; ++at_) {
      const std::string& word = words_[at_];
      if (is_option(word)) {
        TRY(read_own_option(word));
        continue;
      }
      const auto next = words_behind(commands_, group_, Which::All);
      const std::string longer = concat(group_, group_.empty() ? "" : " ", word);
      if (std::ranges::find(next, word) == next.end()) {
        return UsageError{
            concat("there is no command ", base::quoted(longer), suggestion(word, next)), nullptr};
      }
      group_ = longer;
      const auto found = std::ranges::find(commands_, group_, &CommandSpec::name);
      if (found != commands_.end()) command_ = &*found;
    }
    return {};
  }

  /// The rest of the words, as the command's.
  Result<void> read_arguments() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      if (is_help(word)) {
        help_ = true;
      } else if (is_option(word)) {
        TRY(read_option(word));
      } else {
        positionals.push_back(word);
      }
    }
    return {};
  }

  [[nodiscard]] const CommandSpec* command() const noexcept { return command_; }
  [[nodiscard]] const std::string& group() const noexcept { return group_; }
  [[nodiscard]] bool wants_help() const noexcept { return help_; }
  [[nodiscard]] bool wants_version() const noexcept { return version_; }

  Arguments arguments;
  std::vector<std::string> positionals;

 private:
  Result<void> read_own_option(const std::string& word) {
    if (is_help(word)) {
      help_ = true;
    } else if (word == "--version" && group_.empty()) {
      version_ = true;
    } else {
      return unknown_option(word, nullptr);
    }
    return {};
  }

  Result<void> read_option(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto option = std::ranges::find(command_->options, name, &OptionSpec::name);
    if (option == command_->options.end()) return unknown_option(name, command_);
    auto& values = arguments.options[name];
    if (option->value.empty()) {
      if (equals == std::string::npos) return {};
      return UsageError{concat(name, " takes no value"), command_};
    }
    if (!option->repeatable && !values.empty()) {
      return UsageError{concat(name, " is given twice"), command_};
    }
    if (equals == std::string::npos && at_ == words_.size()) {
      return UsageError{concat(name, " wants ", option->value), command_};
    }
    values.push_back(equals == std::string::npos ? words_[at_++] : word.substr(equals + 1));
    return check(*option, values.back());
  }

  Result<void> check(const OptionSpec& option, const std::string& value) const {
    if (value.empty()) {
      return UsageError{concat(option.name, " is given an empty value"), command_};
    }
    if (option.choices.empty() ||
        std::ranges::find(option.choices, value) != option.choices.end()) {
      return {};
    }
    return UsageError{
        concat(option.name, ": ", base::quoted(value), " is none of ", listed(option.choices)),
        command_};
  }

  std::span<const std::string> words_;
  std::span<const CommandSpec> commands_;
  std::size_t at_ = 0;  // what is read next
  std::string group_;
  const CommandSpec* command_ = nullptr;
  bool help_ = false;
  bool version_ = false;
};

/// Whether help is asked for among the words that are still unread, wherever an error is.
bool asks_for_help(std::span<const std::string> words) {
  return std::ranges::any_of(words, [](const std::string& word) { return is_help(word); });
}

/// An empty word is a variable of a script that was never set: not the same as no word.
std::optional<UsageError> empty_word(const Arguments& arguments, const CommandSpec& command) {
  for (std::size_t i = 0; i < arguments.positionals.size(); ++i) {
    if (arguments.positionals[i].empty()) {
      return UsageError{concat(command.positionals[i].name, " is an empty word"), &command};
    }
  }
  return std::nullopt;
}

Result<Request> finish(CommandLine& read, std::span<const std::string> rest) {
  const CommandSpec& command = *read.command();
  Request request{Request::Kind::Run, &command, std::move(read.arguments)};
  auto& words = read.positionals;
  const auto required = static_cast<std::size_t>(std::ranges::count_if(
      command.positionals, [](const PositionalSpec& positional) { return positional.required; }));
  if (words.size() < required) {
    return UsageError{concat(command.positionals[words.size()].name, " is missing"), &command};
  }
  const std::size_t own = std::min(words.size(), command.positionals.size());
  request.arguments.positionals.assign(words.begin(),
                                       words.begin() + static_cast<std::ptrdiff_t>(own));
  request.arguments.rest.assign(words.begin() + static_cast<std::ptrdiff_t>(own), words.end());
  request.arguments.rest.insert(request.arguments.rest.end(), rest.begin(), rest.end());
  if (command.rest.empty() && !request.arguments.rest.empty()) {
    return UsageError{concat(base::quoted(request.arguments.rest[0]), " is one word too many"),
                      &command};
  }
  if (auto empty = empty_word(request.arguments, command)) return *std::move(empty);
  return request;
}

/// For who named a group alone: "'config' wants a command: init". Who named a hidden group knows
/// it.
std::string wants_a_command(std::span<const CommandSpec> commands, const std::string& group) {
  auto next = words_behind(commands, group, Which::Shown);
  if (next.empty()) next = words_behind(commands, group, Which::All);
  return concat(base::quoted(group), " wants a command: ", listed(next));
}

}  // namespace

core::Result<Request, UsageError> parse(const std::vector<std::string>& words,
                                        std::span<const CommandSpec> commands) {
  const auto separator = std::ranges::find(words, "--");
  const std::span<const std::string> own(words.begin(), separator);
  const std::span<const std::string> rest(separator == words.end() ? separator : separator + 1,
                                          words.end());
  CommandLine read(own, commands);
  TRY(read.read_command());
  if (read.command() != nullptr) {
    const auto arguments = read.read_arguments();
    if (!arguments && !read.wants_help() && !asks_for_help(own)) return arguments.error();
    if (!arguments || read.wants_help()) return Request{Request::Kind::Help, read.command(), {}};
    auto request = finish(read, rest);
    if (request) request->arguments.words = words;
    return request;
  }
  if (read.wants_help()) return Request{Request::Kind::Help, nullptr, {}, read.group()};
  if (read.wants_version()) return Request{Request::Kind::Version, nullptr, {}};
  if (read.group().empty()) return Request{};
  return UsageError{wants_a_command(commands, read.group()), nullptr};
}

}  // namespace merlon::command
