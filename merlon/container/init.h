#pragma once

// The init process of a container: the one that engines watch, signal and wait for. It waits at
// the container's door, then runs the keep, and ends as the keep does.

#include <string>

#include "merlon/container/asked.h"
#include "merlon/container/config.h"
#include "merlon/container/settings.h"
#include "merlon/container/state.h"
#include "merlon/os/fd.h"

namespace merlon::container {

struct InitOrder {
  std::string text;  ///< of config.json
  Config config;
  Asked asked;
  std::string bundle;
  std::string root;  ///< of the files, absolute
  Settings settings;
  std::string console_socket;
  bool own_session = true;
  os::BorrowedFd terminal{-1};        ///< the line of one that its maker has
  std::vector<std::string> groups{};  ///< directories of control groups to be in
};

/// In the process that is to become it, which has the standard streams of the container and
/// `channel`. Gives the exit status.
[[nodiscard]] int run_init(const InitOrder& order, const Folder& folder, const State& state,
                           os::Fd channel);

}  // namespace merlon::container
