#include "merlon/command/serve.h"

#include <algorithm>
#include <cstdlib>
#include <new>

#include "merlon/base/text.h"
#include "merlon/command/argument_files.h"
#include "merlon/command/help.h"
#include "merlon/command/man.h"
#include "merlon/command/own_commands.h"
#include "merlon/command/parse.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::command {

using base::concat;
using launch::ExitStatus;
using launch::number;

namespace {

bool write_to(int descriptor, const base::Printable& text) {
  return os::write_all(os::BorrowedFd(descriptor), core::as_bytes(text.text())).has_value();
}

constexpr Terminal terminal_of(const Program& program) {
  return {
      program.name,
      [](const base::Printable& text) { return write_to(1, text); },
      [](const base::Printable& text) { return write_to(2, text); },
      [](const char* name) {
        const char* value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
      },
  };
}

int handle(const Terminal& terminal, const Request& request, const Program& program,
           std::span<const Handler> handlers) {
  if (request.command->name == completion_command.name) {
    return print_completion(program, request.arguments, terminal);
  }
  if (request.command->name == man_command.name) return print_man(program, terminal);
  const auto found = std::ranges::find(handlers, request.command->name, &Handler::command);
  if (found == handlers.end()) {
    return fail(terminal,
                concat(request.command->name, " is a command of ", terminal.program,
                       " itself, not of this program"),
                number(ExitStatus::Usage));
  }
  return found->run(request.arguments, terminal);
}

/// `typed` is what `words` were before they were respelled.
int answer(const Terminal& terminal, const std::vector<std::string>& words,
           const std::vector<std::string>& typed, const Program& program,
           std::span<const Handler> handlers) {
  auto request = parse(words, program.commands);
  if (!request) {
    const auto* command = request.error().command;
    const std::string name = command == nullptr ? "" : concat(command->name, " ");
    return fail(terminal, concat(request.error().text, "; see ", program.name, " ", name, "--help"),
                number(ExitStatus::Usage));
  }
  switch (request->kind) {
    case Request::Kind::Version:
      return print(terminal, concat(program.name, " ", program.version, "\n"));
    case Request::Kind::Help:
      return print(terminal, request->command != nullptr ? help(program, *request->command)
                                                         : help(program, request->group));
    case Request::Kind::Run: break;
  }
  request->arguments.words = typed;
  return handle(terminal, *request, program, handlers);
}

}  // namespace

namespace {

/// All of main around `run`.
template <typename Run>
int guarded(const Terminal& terminal, const Run& run) {
  if (!os::hold_standard_streams()) return number(ExitStatus::KeepFailed);
  os::ignore_broken_pipes();
  try {
    return run();
  } catch (const std::bad_alloc&) {
    return fail(terminal, "out of memory", number(ExitStatus::KeepFailed));
  }
}

std::vector<std::string> words_of(int argc, char** argv) {
  return {argv + (argc > 0 ? 1 : 0), argv + argc};
}

}  // namespace

int serve(int argc, char** argv, const Program& program, std::span<const Handler> handlers,
          Respelling respelling) {
  const Terminal terminal = terminal_of(program);
  return guarded(terminal, [&] {
    const auto typed = words_of(argc, argv);
    const auto words = respelling == nullptr ? typed : respelling(typed);
    return answer(terminal, words, typed, program, handlers);
  });
}

int serve_service(int argc, char** argv, const Program& program, std::span<const Handler> handlers,
                  Respelling respelling) {
  const Terminal terminal = terminal_of(program);
  return guarded(terminal, [&] {
    auto words = with_files(words_of(argc, argv), &read_argument_file);
    if (!words) return fail(terminal, words.error(), number(ExitStatus::Usage));
    if (respelling != nullptr) words = respelling(*words);
    const auto whole = with_command(*std::move(words));
    return answer(terminal, whole, whole, program, handlers);
  });
}

}  // namespace merlon::command
