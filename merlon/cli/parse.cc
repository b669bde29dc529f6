#include "merlon/cli/parse.h"

#include <algorithm>
#include <map>
#include <optional>

#include <CLI/CLI.hpp>

#include "merlon/base/text.h"
#include "merlon/cli/suggest.h"

namespace merlon::cli {

using base::concat;

namespace {

/// Splits "config init" at its blank.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start <= name.size();) {
    const std::size_t end = std::min(name.find(' ', start), name.size());
    words.emplace_back(name.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

/// One command's place in CLI11's tree and where its values go.
struct Bound {
  const CommandSpec* command = nullptr;
  CLI::App* app = nullptr;
  Arguments arguments;
  std::vector<std::string> positionals;
};

CLI::Option* add_single(Bound& bound, const std::string& name) {
  return bound.app->add_option_function<std::string>(
      name, [&bound, name](const std::string& value) { bound.arguments.options[name] = {value}; });
}

CLI::Option* add_repeatable(Bound& bound, const std::string& name) {
  auto* added = bound.app->add_option_function<std::vector<std::string>>(
      name, [&bound, name](const std::vector<std::string>& values) {
        bound.arguments.options[name] = values;
      });
  return added->allow_extra_args(false);  // one word each time
}

void add_options(Bound& bound) {
  for (const OptionSpec& option : bound.command->options) {
    const std::string name(option.name);
    if (option.value.empty()) {
      bound.app->add_flag_function(name,
                                   [&bound, name](std::int64_t) { bound.arguments.options[name]; });
      continue;
    }
    CLI::Option* added = option.repeatable ? add_repeatable(bound, name) : add_single(bound, name);
    if (!option.choices.empty()) {
      added->check(
          CLI::IsMember(std::vector<std::string>(option.choices.begin(), option.choices.end())));
    }
  }
}

CLI::App* subcommand(CLI::App& root, const std::string& name) {
  for (CLI::App* each : root.get_subcommands([](CLI::App*) { return true; })) {
    if (each->get_name() == name) return each;
  }
  return root.add_subcommand(name, "");
}

void bind(CLI::App& root, Bound& bound) {
  bound.app = &root;
  for (const std::string& word : words_of(bound.command->name)) {
    bound.app = subcommand(*bound.app, word);
  }
  bound.app->set_help_flag("-h,--help");
  add_options(bound);
  if (!bound.command->positionals.empty() || !bound.command->rest.empty()) {
    bound.app->add_option("WORDS", bound.positionals, "");
  }
}

/// The command that was begun to be named, for messages about it.
const CommandSpec* named(const std::vector<Bound>& bounds) {
  for (const Bound& bound : bounds) {
    if (bound.app->parsed()) return bound.command;
  }
  return nullptr;
}

/// What may follow `group` ("" or "evidence policy"), each word once.
std::vector<std::string_view> words_behind(std::span<const CommandSpec> commands,
                                           std::string_view group) {
  std::vector<std::string_view> next;
  for (const CommandSpec& command : commands) {
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

/// Why the first words name no command; nothing if they do, or end before they could.
std::optional<UsageError> unknown_command(std::span<const CommandSpec> commands,
                                          const std::vector<std::string>& words) {
  std::string group;
  for (const std::string& word : words) {
    const auto next = words_behind(commands, group);
    if (next.empty() || word.starts_with('-')) return std::nullopt;
    const std::string longer = concat(group, group.empty() ? "" : " ", word);
    if (std::ranges::find(next, word) == next.end()) {
      return UsageError{
          concat("there is no command ", base::quoted(longer), suggestion(word, next)), nullptr};
    }
    group = longer;
  }
  return std::nullopt;
}

/// The first word that looks like an option and is none of `command`'s; empty if all are.
std::string unknown_option(const std::vector<std::string>& words, const CommandSpec& command) {
  for (const std::string& word : words) {
    if (word == "--") break;
    const std::string name = word.substr(0, word.find('='));
    if (name.size() < 2 || name[0] != '-') continue;
    if (std::ranges::find(command.options, name, &OptionSpec::name) == command.options.end()) {
      return name;
    }
  }
  return {};
}

UsageError explain(const CLI::ParseError& error, const std::vector<std::string>& words,
                   const CommandSpec* command) {
  std::string text = base::printable(error.what());
  if (command == nullptr || dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) {
    return {std::move(text), command};
  }
  if (const std::string name = unknown_option(words, *command); !name.empty()) {
    std::vector<std::string_view> known{"--help"};
    for (const OptionSpec& option : command->options) known.push_back(option.name);
    text = concat("there is no option ", base::quoted(name), suggestion(name, known));
  }
  if (!command->rest.empty()) text += "; what is meant for the program stands behind --";
  return {std::move(text), command};
}

/// An empty value is a variable of a script that was never set: not the same as no option.
std::optional<UsageError> empty_value(const Arguments& arguments, const CommandSpec& command) {
  for (const auto& [name, values] : arguments.options) {
    if (std::ranges::find(values, "") != values.end()) {
      return UsageError{concat(name, " is given an empty value"), &command};
    }
  }
  for (std::size_t i = 0; i < arguments.positionals.size(); ++i) {
    if (arguments.positionals[i].empty()) {
      return UsageError{concat(command.positionals[i].name, " is an empty word"), &command};
    }
  }
  return std::nullopt;
}

core::Result<Request, UsageError> finish(Bound& bound, std::vector<std::string> rest) {
  const CommandSpec& command = *bound.command;
  Request request{Request::Kind::Run, &command, std::move(bound.arguments)};
  auto& words = bound.positionals;
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
  if (auto empty = empty_value(request.arguments, command)) return *std::move(empty);
  return request;
}

/// The words that name a group of commands and no command yet.
std::string group_of(std::span<const CommandSpec> commands, const std::vector<std::string>& words) {
  std::string group;
  for (const std::string& word : words) {
    const std::string longer = concat(group, group.empty() ? "" : " ", word);
    if (words_behind(commands, longer).empty()) break;
    group = longer;
  }
  return group;
}

/// For who named a group alone: "'config' wants a command: init".
std::string wants_a_command(std::span<const CommandSpec> commands, const std::string& group) {
  std::string list;
  for (const std::string_view word : words_behind(commands, group)) {
    list += concat(list.empty() ? "" : ", ", word);
  }
  return concat(base::quoted(group), " wants a command: ", list);
}

/// The commands that `words` can mean: to describe all of them to CLI11 costs more than to read the
/// words.
std::vector<Bound> candidates(std::span<const CommandSpec> commands,
                              const std::vector<std::string>& words) {
  const bool any = words.empty() || words[0].starts_with('-');
  std::vector<Bound> bounds;
  for (const CommandSpec& command : commands) {
    const std::string_view first = command.name.substr(0, command.name.find(' '));
    if (!any && first != words[0]) continue;
    bounds.emplace_back().command = &command;
  }
  return bounds;
}

core::Result<Request, UsageError> parsed(std::vector<Bound>& bounds,
                                         std::vector<std::string> rest) {
  for (Bound& bound : bounds) {
    if (bound.app->parsed()) return finish(bound, std::move(rest));
  }
  return Request{};
}

}  // namespace

core::Result<Request, UsageError> parse(const std::vector<std::string>& words,
                                        std::span<const CommandSpec> commands) {
  const auto separator = std::ranges::find(words, "--");
  if (auto unknown = unknown_command(commands, words)) return *std::move(unknown);
  // CLI11 wants its words in reverse.
  std::vector<std::string> own(words.begin(), separator);
  std::ranges::reverse(own);
  std::vector<std::string> rest(separator == words.end() ? separator : separator + 1, words.end());

  CLI::App root{"", "merlon"};
  root.set_help_flag("-h,--help");
  bool version = false;
  root.add_flag("--version", version, "");
  std::vector<Bound> bounds = candidates(commands, words);
  for (Bound& bound : bounds) bind(root, bound);
  try {
    root.parse(own);
  } catch (const CLI::CallForHelp&) {
    return Request{Request::Kind::Help, named(bounds), {}, group_of(commands, words)};
  } catch (const CLI::ParseError& error) {
    return explain(error, words, named(bounds));
  }
  if (version) return Request{Request::Kind::Version, nullptr, {}};
  auto request = parsed(bounds, std::move(rest));
  if (request) request->arguments.words = words;
  if (request && request->kind == Request::Kind::Help && !words.empty()) {
    return UsageError{wants_a_command(commands, group_of(commands, words)), nullptr};
  }
  return request;
}

}  // namespace merlon::cli
