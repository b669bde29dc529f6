#pragma once

// poll_oneoff for any of the layouts that its records have had.

#include "merlon/wasi/context.h"
#include "merlon/wasi/guest_memory.h"

namespace merlon::wasi {

/// poll_oneoff with $subscription records as `layout` says; events lie alike in all snapshots.
[[nodiscard]] Result<void> poll_subscriptions(Context& context, GuestMemory memory,
                                              const SubscriptionLayout& layout, GuestAddress in,
                                              GuestAddress out, GuestSize nsubscriptions,
                                              GuestAddress nevents);

}  // namespace merlon::wasi
