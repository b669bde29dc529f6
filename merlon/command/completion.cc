#include "merlon/command/completion.h"

#include "merlon/base/text.h"
#include "merlon/command/script.h"
#include "merlon/launch/exit_status.h"

namespace merlon::command {

using base::concat;

std::string joined(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += concat(text.empty() ? "" : " ", word);
  return text;
}

std::string escaped(std::string_view text, std::string_view characters) {
  std::string out;
  for (const char c : text) {
    if (characters.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string inside_quotes(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out;
}

std::string patterns(const CommandWords& words, std::string_view quote, std::string_view between) {
  std::string text;
  for (const std::string& step : words.steps()) {
    text += concat(text.empty() ? "" : between, quote, step, quote);
  }
  return text;
}

std::span<const std::string_view> choices_of(const CommandSpec& command) {
  return command.positionals.empty() ? std::span<const std::string_view>()
                                     : command.positionals.front().choices;
}

std::optional<std::string> completion(const Program& program, std::string_view shell) {
  const CommandWords words(program);
  if (shell == "bash") return bash_script(words);
  if (shell == "zsh") return zsh_script(words);
  if (shell == "fish") return fish_script(words);
  return std::nullopt;
}

int print_completion(const Program& program, const Arguments& arguments, const Terminal& terminal) {
  const std::string shell = arguments.positional(0);
  if (const auto script = completion(program, shell)) return print(terminal, *script);
  return fail(terminal,
              concat("there is no completion for ", base::quoted(shell),
                     "; there is for bash, zsh and fish"),
              launch::number(launch::ExitStatus::Usage));
}

}  // namespace merlon::command
