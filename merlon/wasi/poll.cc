// poll_oneoff.
//
// All subscriptions are looked at together: those that are ready at once do not hide others that
// are ready too. Relative timeouts, whatever their clock, run on the monotonic clock, as POSIX
// wants; only an absolute time of the realtime clock follows when that is set.

#include <algorithm>
#include <limits>

#include "merlon/os/file.h"
#include "merlon/wasi/api.h"
#include "merlon/wasi/poll_subscriptions.h"
#include "merlon/wasi/rights.h"
#include "merlon/wasi/served_calls.h"
#include "merlon/wasi/tree_calls.h"
#include "merlon/wasi/wait.h"

namespace merlon::wasi {
namespace {

using std::chrono::nanoseconds;

/// More than any program waits for, and a bound on what one may make us remember.
constexpr GuestSize max_subscriptions = 65536;
/// The realtime clock may be set while we sleep; look at it this often.
constexpr Timestamp realtime_slice = 1'000'000'000;

class Poll {
 public:
  Poll(Context& context, GuestMemory memory, const SubscriptionLayout& layout)
      : context_(context),
        memory_(memory),
        layout_(layout),
        subscriptions_(context.poll_scratch().subscriptions),
        items_(context.poll_scratch().items) {
    subscriptions_.clear();
    items_.clear();
  }
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  Result<void> load(GuestAddress in, GuestSize count) {
    const core::ByteSpan records = TRY(memory_.at(in, std::uint64_t{count} * layout_.size));
    for (std::size_t i = 0; i < count; ++i) {
      TRY(subscribe(records.subspan(i * layout_.size, layout_.size)));
    }
    return {};
  }

  Result<void> wait() {
    while (std::none_of(subscriptions_.begin(), subscriptions_.end(),
                        [](const Subscription& s) { return s.happened; })) {
      TRY(wait_once(TRY(time_left())));
    }
    if (!collected_) TRY(wait_once(Timestamp{0}));
    return {};
  }

  /// How many events were stored.
  Result<GuestSize> store(GuestAddress out) {
    using E = layout::Event;
    GuestSize count = 0;
    for (const Subscription& subscription : subscriptions_) {
      if (!subscription.happened) continue;
      const core::ByteSpan list = TRY(memory_.at(out, (std::uint64_t{count} + 1) * E::size));
      store_event(list.last(E::size), subscription);
      ++count;
    }
    return count;
  }

 private:
  Result<void> subscribe(core::ByteView record) {
    const auto tag = GuestMemory::read<std::uint8_t>(record, layout_.tag);
    if (tag > static_cast<std::uint8_t>(EventType::FdWrite)) return fail(Errno::Inval);
    Subscription subscription;
    subscription.userdata = GuestMemory::read<std::uint64_t>(record, layout_.userdata);
    subscription.type = static_cast<EventType>(tag);
    const Result<void> accepted = subscription.type == EventType::Clock
                                      ? subscribe_clock(subscription, record)
                                      : subscribe_file(subscription, record);
    if (!accepted.has_value()) {
      if (accepted.error().kind != Failure::Kind::Errno) return accepted.error();
      subscription.error = accepted.error().number;
      subscription.happened = true;
    }
    subscriptions_.push_back(subscription);
    return {};
  }

  Result<void> subscribe_clock(Subscription& subscription, core::ByteView record) {
    const auto id = GuestMemory::read<std::uint32_t>(record, layout_.clock_id);
    const Subclockflags flags{GuestMemory::read<std::uint16_t>(record, layout_.clock_flags)};
    const auto timeout = GuestMemory::read<Timestamp>(record, layout_.clock_timeout);
    if (!subclockflags::abstime.has(flags)) return fail(Errno::Inval);
    if (id > static_cast<std::uint32_t>(ClockId::ThreadCputimeId)) return fail(Errno::Inval);
    // Processor time stands still while we wait for it.
    if (id > static_cast<std::uint32_t>(ClockId::Monotonic)) return fail(Errno::Notsup);
    if (flags.has(subclockflags::abstime)) {
      subscription.realtime = static_cast<ClockId>(id) == ClockId::Realtime;
      subscription.deadline = timeout;
      return {};
    }
    const Timestamp now = TRY(context_.clocks().now(ClockId::Monotonic));
    const Timestamp far = std::numeric_limits<Timestamp>::max();
    subscription.deadline = timeout > far - now ? far : now + timeout;
    return {};
  }

  /// As wasmtime does, for both directions with the right to poll alone: runtimes of languages ask
  /// a listening socket whether it can be written, and take an error for a broken socket.
  Result<void> subscribe_file(Subscription& subscription, core::ByteView record) {
    subscription.fd = GuestMemory::read<FdNumber>(record, layout_.fd);
    const bool reads = subscription.type == EventType::FdRead;
    FdEntry* entry = TRY(context_.files().get(subscription.fd, rights::poll_fd_readwrite));
    switch (entry->kind) {
      case FileKind::Null:
      case FileKind::Directory:
      case FileKind::ServedDirectory:
      case FileKind::TreeDirectory: subscription.happened = true; return {};
      case FileKind::TreeFile:
        subscription.happened = true;
        if (reads) subscription.nbytes = tree_calls::bytes_left(*entry);
        return {};
      case FileKind::Served:
        subscription.happened = true;
        if (reads) subscription.nbytes = served_bytes_left(*entry);
        return {};
      case FileKind::Regular:
        subscription.happened = true;
        if (reads) subscription.nbytes = bytes_left(*entry);
        return {};
      case FileKind::Stream: subscription.may_wait = true; return {};
      case FileKind::Socket:
      case FileKind::Listener:
        subscription.may_wait = true;
        look(subscription, *entry);
        return {};
    }
    return {};
  }

  /// What a stream knows by itself; it may have read ahead, so that no descriptor would tell.
  /// Gives whether the descriptor is to be asked.
  bool look(Subscription& subscription, FdEntry& entry) {
    using Known = net::Readiness::Known;
    const bool reads = subscription.type == EventType::FdRead;
    const net::Readiness ready =
        entry.stream     ? entry.stream->look(reads ? net::Side::Read : net::Side::Write)
        : entry.listener ? entry.listener->look()
                         : net::Readiness();
    if (entry.stream) context_.unsent().note(entry.stream);
    if (ready.known != Known::Yes) return ready.known == Known::Ask;
    subscription.happened = true;
    if (reads) subscription.nbytes = ready.bytes;
    if (ready.hung_up) subscription.flags = eventrwflags::fd_readwrite_hangup;
    return false;
  }

  /// What is to be polled now: streams change what they wait for.
  void gather() {
    items_.clear();
    for (Subscription& subscription : subscriptions_) {
      subscription.slot = 0;
      if (!subscription.may_wait || subscription.happened) continue;
      const Result<FdEntry*> entry = context_.files().get(subscription.fd);
      if (entry.has_value()) gather(subscription, **entry);
    }
    for (const Subscription& subscription : subscriptions_) forget_slot(subscription);
    items_.emplace_back();  // for the bell
  }

  void gather(Subscription& subscription, FdEntry& entry) {
    const bool reads = subscription.type == EventType::FdRead;
    if (entry.poll_slot == 0) {
      entry.poll_slot = items_.size() + 1;
      if (entry.listener) {
        entry.listener->add_awaited(items_);
      } else {
        items_.push_back({entry.descriptor().number(), 0, 0});
      }
    }
    subscription.slot = entry.poll_slot;
    const int asked = reads ? POLLIN | POLLRDHUP : POLLOUT;
    const int events =
        entry.stream ? entry.stream->awaits(reads ? net::Side::Read : net::Side::Write) : asked;
    os::PollItem& item = items_[subscription.slot - 1];
    item.events = static_cast<short>(item.events | events);
  }

  static std::uint64_t bytes_left(const FdEntry& entry) {
    const os::Result<os::FileStatus> status = os::status(entry.file);
    const os::Result<std::uint64_t> position = os::seek(entry.file, 0, os::Whence::Current);
    if (!status.has_value() || !position.has_value() || *position > status->size) return 0;
    return status->size - *position;
  }

  void forget_slot(const Subscription& subscription) {
    if (subscription.slot == 0) return;
    const Result<FdEntry*> entry = context_.files().get(subscription.fd);
    if (entry.has_value()) (*entry)->poll_slot = 0;
  }

  Result<Timestamp> now_for(const Subscription& clock) {
    return context_.clocks().now(clock.realtime ? ClockId::Realtime : ClockId::Monotonic);
  }

  /// Until the next clock rings; nothing if there is none.
  Result<std::optional<Timestamp>> time_left() {
    std::optional<Timestamp> least;
    for (const Subscription& s : subscriptions_) {
      if (s.type != EventType::Clock) continue;
      const Timestamp now = TRY(now_for(s));
      Timestamp left = s.deadline > now ? s.deadline - now : 0;
      if (s.realtime) left = std::min(left, realtime_slice);
      least = std::min(least.value_or(left), left);
    }
    return least;
  }

  Result<void> wait_once(std::optional<Timestamp> limit) {
    std::optional<nanoseconds> timeout;
    if (limit.has_value()) {
      constexpr auto longest = static_cast<Timestamp>(nanoseconds::max().count());
      timeout = nanoseconds(static_cast<std::int64_t>(std::min(*limit, longest)));
    }
    gather();
    TRY(wait_for_any(context_, items_, timeout));
    for (Subscription& subscription : subscriptions_) {
      if (subscription.happened) continue;
      if (subscription.type == EventType::Clock) {
        subscription.happened = TRY(now_for(subscription)) >= subscription.deadline;
      } else {
        look_at_file(subscription);
      }
    }
    collected_ = true;
    return {};
  }

  void look_at_file(Subscription& subscription) {
    if (subscription.slot == 0) return;
    const Result<FdEntry*> entry = context_.files().get(subscription.fd);
    if (!entry.has_value() || !look(subscription, **entry)) return;
    const os::PollItem& item = items_[subscription.slot - 1];
    const bool reads = subscription.type == EventType::FdRead;
    const int found = item.revents;
    if ((found & POLLNVAL) != 0) subscription.error = Errno::Badf;
    const int wanted = reads ? POLLIN | POLLRDHUP : POLLOUT;
    const int hangup = reads ? POLLHUP | POLLRDHUP : POLLHUP | POLLERR;
    subscription.happened = (found & (wanted | POLLHUP | POLLERR | POLLNVAL)) != 0;
    if ((found & hangup) != 0) subscription.flags = eventrwflags::fd_readwrite_hangup;
    if (reads && (found & POLLIN) != 0) {
      subscription.nbytes = os::readable_bytes(os::BorrowedFd(item.fd)).value_or(0U);
    }
  }

  static void store_event(core::ByteSpan record, const Subscription& subscription) {
    using E = layout::Event;
    std::fill(record.begin(), record.end(), std::uint8_t{0});
    GuestMemory::write(record, E::userdata, subscription.userdata);
    GuestMemory::write(record, E::error, static_cast<std::uint16_t>(subscription.error));
    GuestMemory::write(record, E::type, static_cast<std::uint8_t>(subscription.type));
    GuestMemory::write(record, E::nbytes, subscription.nbytes);
    GuestMemory::write(record, E::flags, subscription.flags.bits());
  }

  Context& context_;
  GuestMemory memory_;
  const SubscriptionLayout& layout_;
  std::vector<Subscription>& subscriptions_;
  std::vector<os::PollItem>& items_;
  bool collected_ = false;  // the files were looked at at least once
};

}  // namespace

Result<void> poll_subscriptions(Context& context, GuestMemory memory,
                                const SubscriptionLayout& layout, GuestAddress in, GuestAddress out,
                                GuestSize nsubscriptions, GuestAddress nevents) {
  if (nsubscriptions == 0) return fail(Errno::Inval);
  if (nsubscriptions > max_subscriptions) return fail(Errno::Nomem);
  TRY(memory.at(out, std::uint64_t{nsubscriptions} * layout::Event::size));
  TRY(memory.at(nevents, sizeof(GuestSize)));
  Poll poll(context, memory, layout);
  TRY(poll.load(in, nsubscriptions));
  TRY(poll.wait());
  return memory.store(nevents, TRY(poll.store(out)));
}

Result<void> api::poll_oneoff(Context& context, GuestMemory memory, GuestAddress in,
                              GuestAddress out, GuestSize nsubscriptions, GuestAddress nevents) {
  return poll_subscriptions(context, memory, layout::subscription, in, out, nsubscriptions,
                            nevents);
}

}  // namespace merlon::wasi
