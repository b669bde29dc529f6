#include "merlon/cli/serve.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "merlon/base/text.h"
#include "merlon/cli/help.h"
#include "merlon/cli/parse.h"
#include "merlon/cli/table.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::cli {

using base::concat;
using launch::ExitStatus;
using launch::number;

namespace {

bool write_to(int descriptor, const base::Printable& text) {
  return os::write_all(os::BorrowedFd(descriptor), core::as_bytes(text.text())).has_value();
}

constexpr Terminal terminal{
    [](const base::Printable& text) { return write_to(1, text); },
    [](const base::Printable& text) { return write_to(2, text); },
    [](const char* name) {
      const char* value = std::getenv(name);
      return std::string(value == nullptr ? "" : value);
    },
};

int handle(const Request& request, std::span<const Handler> handlers) {
  const auto found = std::ranges::find(handlers, request.command->name, &Handler::command);
  if (found == handlers.end()) {
    return fail(
        terminal,
        concat(request.command->name, " is a command of merlon itself, not of this program"),
        number(ExitStatus::Usage));
  }
  return found->run(request.arguments, terminal);
}

int answer(const std::vector<std::string>& words, std::span<const Handler> handlers) {
  const auto request = parse(words, commands());
  if (!request) {
    const auto* command = request.error().command;
    const std::string name = command == nullptr ? "" : concat(command->name, " ");
    return fail(terminal, concat(request.error().text, "; see merlon ", name, "--help"),
                number(ExitStatus::Usage));
  }
  switch (request->kind) {
    case Request::Kind::Version: return print(terminal, concat("merlon ", version, "\n"));
    case Request::Kind::Help:
      return print(terminal, request->command != nullptr ? help(*request->command)
                                                         : help(commands(), request->group));
    case Request::Kind::Run: break;
  }
  return handle(*request, handlers);
}

}  // namespace

int serve(int argc, char** argv, std::span<const Handler> handlers) {
  if (!os::hold_standard_streams()) return number(ExitStatus::KeepFailed);
  os::ignore_broken_pipes();
  try {
    return answer({argv + (argc > 0 ? 1 : 0), argv + argc}, handlers);
  } catch (const std::bad_alloc&) {
    return fail(terminal, "out of memory", number(ExitStatus::KeepFailed));
  }
}

}  // namespace merlon::cli
