#pragma once

// What poll_oneoff notes down during a call; kept by the Context so that no call allocates anew.

#include <vector>

#include "merlon/os/poll.h"
#include "merlon/wasi/abi.h"

namespace merlon::wasi {

/// One $subscription, copied out of the guest and checked, and what became of it.
struct Subscription {
  std::uint64_t userdata = 0;
  EventType type = EventType::Clock;
  bool happened = false;
  bool may_wait = false;         // for a file that is asked again and again
  bool realtime = false;         // clocks: `deadline` is on the realtime clock, else monotonic
  Errno error = Errno::Success;  // of this subscription alone
  FdNumber fd = 0;
  std::size_t slot = 0;    // files that may wait: 1 + place in `items`; 0 for all others
  Timestamp deadline = 0;  // clocks
  std::uint64_t nbytes = 0;
  Eventrwflags flags;
};

struct PollScratch {
  std::vector<Subscription> subscriptions;
  std::vector<os::PollItem> items;  // one for each file, however many subscriptions it has
};

}  // namespace merlon::wasi
