#include "merlon/launch/layers.h"

#include <utility>

#include "merlon/base/text.h"
#include "merlon/os/landlock.h"
#include "merlon/os/surrender.h"

namespace merlon::launch {

using base::concat;
using core::Result;

namespace {

#ifdef MERLON_SANITIZED
constexpr bool whole = false;
#else
constexpr bool whole = true;
#endif

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += concat(text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace

bool Layers::can_be_whole() noexcept { return whole; }

Result<void> Layers::note(const os::Result<void>& done, std::string_view layer, const char* failure,
                          std::string_view detail) {
  if (done) {
    active_.push_back(concat(layer, detail));
  } else if (os::is_missing_layer(done.error())) {
    missing_.emplace_back(layer);
  } else {
    return os::to_error(done.error(), failure);
  }
  return {};
}

Result<void> Layers::give_up_privileges() {
  TRY(note(os::forbid_new_privileges(), "no new privileges", "cannot forbid new privileges"));
  TRY(note(os::forbid_inspection(), "no inspection", "cannot forbid inspection"));
  return note(os::drop_capabilities(), "no capabilities", "cannot drop capabilities");
}

Result<void> Layers::confine_files(const Reach& reach) {
  const auto version = os::landlock_version();
  if (!version) return note(version.error(), "landlock", "cannot use Landlock");
  const bool moves = *version >= os::first_landlock_with_moves;
  if (!moves && reach.writable_directories()) {
    // A workload's rename() must work; better this layer less.
    missing_.emplace_back("landlock (version 1 allows no moves)");
    return {};
  }
  return note(os::confine_files(*version, reach.trees), "landlock", "cannot confine files",
              concat(" ", *version, " (", reach.trees.size(), " directories)"));
}

Result<void> Layers::confine_calls(os::CallRules rules, OnRefusedCall refused) {
  const std::string count = concat(" (", rules.size(), " calls)");
  const auto program = os::compile(std::move(rules));
  struct sigaction action{};
  action.sa_sigaction = refused;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigfillset(&action.sa_mask);
  if (::sigaction(SIGSYS, &action, nullptr) < 0) {
    return note(os::last_errno(), "seccomp", "cannot take the signal of refused calls");
  }
  return note(os::confine_calls(program), "seccomp", "cannot confine calls", count);
}

std::string Layers::describe() const {
  std::string text = concat("confined by ", active_.empty() ? "nothing" : listed(active_));
  if (!missing_.empty()) text += concat("; not here: ", listed(missing_));
  return text;
}

}  // namespace merlon::launch
