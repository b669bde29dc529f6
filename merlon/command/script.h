#pragma once

// Private to the room: what the completion scripts of all shells are put together from.

#include <span>
#include <string>
#include <string_view>

#include "merlon/command/words.h"

namespace merlon::command {

/// With blanks between them.
[[nodiscard]] std::string joined(std::span<const std::string_view> words);

/// `text` with a backslash before each of `characters`.
[[nodiscard]] std::string escaped(std::string_view text, std::string_view characters);

/// `text` as the inside of single quotes for bash and zsh, where a backslash means nothing.
[[nodiscard]] std::string inside_quotes(std::string_view text);

/// CommandWords::steps(), each in quotes.
[[nodiscard]] std::string patterns(const CommandWords& words, std::string_view quote,
                                   std::string_view between);

/// What may stand where a command takes its first positional; empty if that is a file.
[[nodiscard]] std::span<const std::string_view> choices_of(const CommandSpec& command);

[[nodiscard]] std::string bash_script(const CommandWords& words);
[[nodiscard]] std::string zsh_script(const CommandWords& words);
[[nodiscard]] std::string fish_script(const CommandWords& words);

}  // namespace merlon::command
