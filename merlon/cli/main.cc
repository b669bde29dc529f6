// merlon: the one command that users type. Makes every object; commands get what they need.

#include <cstdlib>
#include <new>

#include "merlon/base/text.h"
#include "merlon/cli/help.h"
#include "merlon/cli/parse.h"
#include "merlon/cli/table.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace {

using namespace merlon;

bool write_to(int number, std::string_view text) {
  return os::write_all(os::BorrowedFd(number), core::as_bytes(text)).has_value();
}

const cli::Terminal terminal{
    [](std::string_view text) { return write_to(1, text); },
    [](std::string_view text) { return write_to(2, text); },
    [](const char* name) {
      const char* value = std::getenv(name);
      return std::string(value == nullptr ? "" : value);
    },
};

int answer(const std::vector<std::string>& words) {
  const auto request = cli::parse(words, cli::commands());
  if (!request) {
    const auto* command = request.error().command;
    const std::string name = command == nullptr ? "" : base::concat(command->name, " ");
    return cli::fail(terminal, base::concat(request.error().text, "; see merlon ", name, "--help"),
                     launch::number(launch::ExitStatus::Usage));
  }
  switch (request->kind) {
    case cli::Request::Kind::Version:
      return cli::print(terminal, base::concat("merlon ", cli::version, "\n"));
    case cli::Request::Kind::Help:
      return cli::print(terminal, request->command != nullptr ? cli::help(*request->command)
                                                              : cli::help(cli::commands()));
    case cli::Request::Kind::Run: break;
  }
  return request->command->run(request->arguments, terminal);
}

}  // namespace

int main(int argc, char** argv) {
  if (!os::hold_standard_streams()) return launch::number(launch::ExitStatus::KeepFailed);
  os::ignore_broken_pipes();
  try {
    return answer({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::bad_alloc&) {
    return cli::fail(terminal, "out of memory", launch::number(launch::ExitStatus::KeepFailed));
  }
}
