#include "merlon/container/door.h"

#include <algorithm>
#include <array>
#include <csignal>

#include "merlon/base/text.h"
#include "merlon/container/keep_of.h"
#include "merlon/container/tenant_relay.h"
#include "merlon/delivery/sealed.h"
#include "merlon/door/opening.h"
#include "merlon/host/keep.h"
#include "merlon/host/run_keep.h"
#include "merlon/os/container.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::container {

using base::concat;
using launch::ExitStatus;
using launch::number;

namespace {

template <typename T>
using Result = core::Result<T, std::string>;

/// For the first words; whoever is slower lets nobody else in.
constexpr std::chrono::seconds greeting{10};
/// For judging a proof, which may ask others.
constexpr std::chrono::seconds judging{120};
constexpr std::chrono::seconds start_limit{60};

/// Ends a connection when its time is over, however slowly bytes come on it.
class Watch {
 public:
  Watch(os::BorrowedFd connection, std::chrono::seconds time) {
    const auto forked = os::fork_process();
    if (!forked) return;
    process_ = *forked;
    if (process_) return;
    os::end_with_parent();
    static_cast<void>(os::poll({}, time));
    static_cast<void>(os::shut_down(connection, true, true));
    os::end_process(0);
  }
  ~Watch() {
    if (!process_) return;
    static_cast<void>(process_->signal(SIGKILL));
    static_cast<void>(process_->wait());
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// False: nobody watches, and there is no room for a process.
  [[nodiscard]] bool is_there() const noexcept { return process_.has_value(); }

 private:
  std::optional<os::ChildProcess> process_;
};

/// Whether the annotations name the place itself, and not any.
bool is_named(const door::Terms& terms, const host::Wish& wish) {
  if (wish.kind == host::Wish::Kind::Steward || wish.kind == host::Wish::Kind::Registry)
    return true;
  return std::ranges::any_of(terms.connect, [&](const door::Place& each) {
    return each.host != "*" && door::matches(each, wish.host, wish.port);
  });
}

/// What a host adds to a tenant's wishes, and bounds.
void bound(const DoorCall& call, const door::Opening& opening, host::Offer& offer) {
  const Asked& asked = call.asked;
  for (host::Wish& wish : offer.wishes) {
    // In a network of its own a container's local addresses are its own; else they are the
    // machine's.
    wish.reaches_local =
        call.config.network.kind != Network::Kind::Host || is_named(asked.terms, wish);
    if (wish.kind != host::Wish::Kind::Volume || !opening.tenant) continue;
    const auto tenant = delivery::name_of(opening.tenant->key);
    wish.folder = concat(call.settings.volumes, "/", base::hex(tenant.view()), "/", wish.host);
  }
  const auto lower = [](std::uint64_t& limit, std::uint64_t bound) {
    if (bound != 0 && (limit == 0 || limit > bound)) limit = bound;
  };
  lower(offer.max_memory_bytes, asked.max_memory_bytes.value_or(0));
  const auto time = asked.timeout.value_or(std::chrono::nanoseconds(0)).count();
  lower(offer.timeout_nanoseconds, static_cast<std::uint64_t>(time));
}

/// One tenant at the door, from his first words to the end of his keep.
class Visit {
 public:
  Visit(const DoorCall& call, os::BorrowedFd connection, const os::SignalRelay& relay)
      : call_(call), connection_(connection), relay_(relay) {}

  /// The status of a keep that got a workload. Otherwise why it got none, of which the tenant was
  /// told what he may know.
  Result<int> serve() {
    static_cast<void>(os::set_nonblock(connection_, false));
    const door::Opening opening = TRY(refusing(hear()));
    host::Offer offer = opening.request.offer;
    bound(call_, opening, offer);
    auto keep = TRY(refusing(start(offer)));
    const launch::Proof proof = TRY(refusing(prove(keep)));
    if (!launch::send(connection_, launch::ProofAnswer{proof, ""})) {
      return std::string("the tenant is gone before the keep's proof");
    }
    auto channel = TRY(take_delivery(keep));
    return carry(keep, std::move(channel), opening.leaves, offer.timeout_nanoseconds);
  }

 private:
  /// Tells the tenant of a refusal.
  template <typename T>
  Result<T> refusing(Result<T> result) const {
    if (!result) {
      const std::string text = base::printable(result.error(), 1024);
      static_cast<void>(launch::send(connection_, launch::ProofAnswer{{}, text}));
    }
    return result;
  }

  [[nodiscard]] Result<door::Opening> hear() const {
    const Watch watch(connection_, greeting);
    if (!watch.is_there()) return std::string("this container has no room for a process");
    const os::SignalWindow window(relay_);
    door::Opening opening = TRY(door::receive_opening(connection_));
    TRY(door::check(call_.asked.terms, opening));
    return opening;
  }

  [[nodiscard]] Result<host::Keep> start(const host::Offer& offer) const {
    const host::Backend backend = call_.asked.terms.backend;
    auto keep = host::Keep::start(backend, machine_of(call_.settings, backend));
    if (!keep) return keep.error().text;
    const auto readiness = keep->readiness(relay_, start_limit);
    if (!readiness) return readiness.error().text;
    if (!readiness->ready) {
      return concat("backend ", host::name_of(backend), ": ", base::printable(readiness->text));
    }
    auto plan = [&] {
      const os::SignalWindow window(relay_);
      return host::make_offer(offer);
    }();
    if (!plan) return plan.error().text;
    if (const auto launched = keep->launch(*std::move(plan)); !launched) {
      return launched.error().text;
    }
    return *std::move(keep);
  }

  [[nodiscard]] Result<launch::Proof> prove(host::Keep& keep) const {
    auto proof = keep.proof(relay_, start_limit);
    if (!proof) return proof.error().text;
    return *std::move(proof);
  }

  [[nodiscard]] Result<os::Fd> take_delivery(host::Keep& keep) const {
    const Watch watch(connection_, judging);
    if (!watch.is_there()) return std::string("this container has no room for a process");
    const os::SignalWindow window(relay_);
    const auto sealed = delivery::receive(connection_);
    if (!sealed) {
      return concat("the tenant delivered nothing to the keep: ", sealed.error().message());
    }
    auto channel = keep.deliver(*sealed);
    if (!channel) return channel.error().text;
    return *std::move(channel);
  }

  /// A process of its own carries, so that this one waits for the keep and hands signals on to it.
  [[nodiscard]] Result<int> carry(host::Keep& keep, os::Fd channel, bool leaves,
                                  std::uint64_t nanoseconds) const {
    const auto carrier = os::fork_process();
    if (!carrier) return concat("no process to carry the talk: ", os::describe(carrier.error()));
    if (!*carrier) {
      os::set_process_name("merlon-oci:door");
      os::end_with_parent();
      os::forget_signal_actions();
      os::ignore_broken_pipes();
      carry_talk(connection_, channel, keep, leaves);
      os::end_process(0);  // no destructor: the keep is its starter's
    }
    channel.close();
    std::optional<std::chrono::nanoseconds> limit;
    if (nanoseconds != 0) limit = std::chrono::nanoseconds(nanoseconds);
    const auto ended = keep.wait(relay_, limit);
    // One that is over its time ends so, and the talk with it.
    if (!ended || !*ended) static_cast<void>(keep.signal(SIGKILL));
    static_cast<void>((*carrier)->wait());
    if (!ended) return ended.error().text;
    if (!*ended) return number(ExitStatus::TimeLimit);
    const auto told = host::told_end(**ended);
    if (!told.text.empty()) tell(told.text);
    return told.status;
  }

  const DoorCall& call_;
  os::BorrowedFd connection_;
  const os::SignalRelay& relay_;
};

os::Result<os::Fd> next_visitor(os::BorrowedFd door, const os::SignalRelay& relay) {
  constexpr std::uint64_t never = ~std::uint64_t{0};
  if (const auto knocked = relay.wait_readable(door, never); !knocked) return knocked.error();
  return os::accept(door);
}

}  // namespace

int run_door(const DoorCall& call, os::BorrowedFd door) {
  os::ignore_broken_pipes();
  const os::SignalRelay relay;
  tell(concat("waits for its tenant at ", door::describe(call.asked.door)));
  for (;;) {
    const auto connection = next_visitor(door, relay);
    if (!connection) {
      if (connection.error() == os::Errno::Again) continue;
      tell(concat("the door does not open: ", os::describe(connection.error())));
      return number(ExitStatus::KeepFailed);
    }
    const auto ended = Visit(call, *connection, relay).serve();
    if (ended) return *ended;
    tell(concat("no workload came: ", ended.error()));
  }
}

}  // namespace merlon::container
