#include "merlon/container/hooks.h"

#include <chrono>

#include "merlon/base/text.h"
#include "merlon/os/container.h"

namespace merlon::container {

using base::concat;

namespace {

Checked<void> run(const Hook& hook, std::string_view kind, std::string_view state) {
  constexpr std::chrono::seconds usual{60};
  const auto limit = hook.timeout_seconds == 0 ? usual : std::chrono::seconds(hook.timeout_seconds);
  std::vector<std::string> arguments = hook.arguments;
  if (arguments.empty()) arguments.push_back(hook.path);
  const auto ended =
      os::run_program({hook.path, arguments, hook.environment}, core::as_bytes(state), limit);
  const std::string what = concat(kind, " hook ", base::printable(hook.path), ": ");
  if (!ended && ended.error() == os::Errno::Timedout) {
    return Refusal{concat(what, "did not end within ", limit.count(), " s")};
  }
  if (!ended) return Refusal{concat(what, os::describe(ended.error()))};
  if (ended->kind == os::ExitStatus::Kind::Killed) {
    return Refusal{concat(what, "was ended by ", os::signal_name(ended->value))};
  }
  if (ended->value != 0) return Refusal{concat(what, "exit status ", ended->value)};
  return {};
}

}  // namespace

Checked<void> run_hooks(const std::vector<Hook>& hooks, std::string_view kind,
                        std::string_view state) {
  for (const Hook& hook : hooks) TRY(run(hook, kind, state));
  return {};
}

std::vector<std::string> run_all_hooks(const std::vector<Hook>& hooks, std::string_view kind,
                                       std::string_view state) {
  std::vector<std::string> troubles;
  for (const Hook& hook : hooks) {
    if (const auto done = run(hook, kind, state); !done) troubles.push_back(done.error().text);
  }
  return troubles;
}

}  // namespace merlon::container
