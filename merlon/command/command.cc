#include "merlon/command/command.h"

#include "merlon/base/text.h"
#include "merlon/launch/exit_status.h"

namespace merlon::command {

bool Arguments::has(std::string_view option) const { return options.contains(option); }

std::string Arguments::value(std::string_view option, std::string_view fallback) const {
  const auto all = values(option);
  return all.empty() ? std::string(fallback) : all.back();
}

std::span<const std::string> Arguments::values(std::string_view option) const {
  const auto found = options.find(option);
  if (found == options.end()) return {};
  return found->second;
}

std::string Arguments::positional(std::size_t index) const {
  return index < positionals.size() ? positionals[index] : "";
}

int fail(const Terminal& terminal, std::string_view text, int status) {
  const base::Printable line = base::Printable::line(text);
  terminal.err(base::Printable::lines(base::concat(terminal.program, ": ", line.text(), "\n")));
  return status;
}

int print(const Terminal& terminal, std::string_view text, base::Printable::Colours colours) {
  if (terminal.out(base::Printable::lines(text, colours))) return 0;
  return fail(terminal, "standard output did not take all of it",
              launch::number(launch::ExitStatus::OutputLost));
}

}  // namespace merlon::command
