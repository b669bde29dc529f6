// merlon-dial HOST PORT: connects a keep with its Steward whenever the keep asks for it on
// descriptor 3 (launch/dial.h), and ends with it. A process of its own: the keep may not connect,
// and merlon waits for the keep's end.
//
// merlon-dial --allowed, and then HOST PORT of each destination: connects it with any of these, by
// their places (launch/dial_allowed.h), several at once.
//
// --not-local in front of either: none of this machine's own addresses, whatever a name leads to.

#include <atomic>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/host/local_address.h"
#include "merlon/host/resolve.h"
#include "merlon/launch/dial.h"
#include "merlon/launch/dial_allowed.h"
#include "merlon/os/process.h"
#include "merlon/os/socket.h"
#include "merlon/os/surrender.h"
#include "merlon/os/thread.h"

namespace {

using namespace merlon;
using launch::DialOutcome;

constexpr os::BorrowedFd channel{3};

struct Destination {
  std::string host;
  std::uint16_t port = 0;
  bool reaches_local = true;
};

struct Failure {
  DialOutcome outcome = DialOutcome::Failed;
  std::string why;
};

DialOutcome outcome_of(os::Errno number) noexcept {
  if (number == os::Errno::Connrefused) return DialOutcome::Refused;
  if (number == os::Errno::Hostunreach || number == os::Errno::Netunreach) {
    return DialOutcome::Unreachable;
  }
  return number == os::Errno::Timedout ? DialOutcome::TimedOut : DialOutcome::Failed;
}

/// Tries each address of the host, and tells of the last failure.
core::Result<os::Fd, Failure> connect(const Destination& to) {
  const auto addresses = host::resolve_host(to.host);
  if (!addresses) return Failure{DialOutcome::NoAddress, addresses.error()};
  os::Errno last = os::Errno::Inval;
  for (const std::string& address : *addresses) {
    if (!to.reaches_local && host::leads_to_this_machine(address)) {
      return Failure{DialOutcome::Unreachable, "that is this machine itself"};
    }
    auto socket = os::connect_tcp(address, to.port);
    if (socket) {
      static_cast<void>(os::send_without_delay(*socket));  // slower without, and as good
      return *std::move(socket);
    }
    last = socket.error();
  }
  return Failure{outcome_of(last), std::string(os::describe(last))};
}

/// One question that is being answered, by a thread of its own.
struct Call {
  Destination to;
  std::uint32_t id = 0;
  std::atomic<bool> over{false};
  std::optional<os::Thread> thread{};
};

void answer(void* argument) noexcept {
  Call& call = *static_cast<Call*>(argument);
  const auto connection = connect(call.to);
  const auto told =
      connection
          ? launch::answer(channel, call.id, DialOutcome::Connected, os::BorrowedFd(*connection))
          : launch::answer(channel, call.id, connection.error().outcome, std::nullopt);
  static_cast<void>(told);  // whoever is not there any more needs no answer
  call.over = true;
}

/// Until nobody asks any more. Those that come while too many are under way wait in the channel.
void serve(const std::vector<Destination>& allowed) {
  constexpr std::size_t most_at_once = 64;
  std::list<Call> calls;
  while (const auto question = launch::receive_question(channel)) {
    calls.remove_if([](const Call& call) { return call.over.load(); });
    if (calls.size() == most_at_once) calls.pop_front();  // waits for its end
    if (question->place >= allowed.size()) {
      static_cast<void>(launch::answer(channel, question->id, DialOutcome::Failed, std::nullopt));
      continue;
    }
    Call& call = calls.emplace_back();
    call.to = allowed[question->place];
    call.id = question->id;
    auto thread = os::Thread::start(&answer, &call);
    if (thread) {
      call.thread.emplace(*std::move(thread));
    } else {
      answer(&call);
    }
  }
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  constexpr std::uint32_t most = 65'535;
  std::uint32_t port = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || port > most) return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port == 0 || port > most) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

/// Pairs of a host and a port; nothing if they are none.
std::optional<std::vector<Destination>> destinations_of(std::span<char* const> words,
                                                        bool reaches_local) {
  std::vector<Destination> all;
  if (words.empty() || words.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto port = port_of(words[i + 1]);
    if (!port) return std::nullopt;
    all.push_back({words[i], *port, reaches_local});
  }
  return all;
}

void serve_one(const Destination& steward) {
  while (launch::is_asked_for_connection(channel)) {
    const auto connection = connect(steward);
    const auto told = connection ? launch::send_connection(channel, *connection)
                                 : launch::refuse_connection(channel, connection.error().why);
    if (!told) break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int usage = 2;
  std::span<char* const> words(argv, static_cast<std::size_t>(argc));
  if (words.size() < 3) return usage;
  words = words.subspan(1);
  const bool not_local = std::string_view(words[0]) == "--not-local";
  if (not_local) words = words.subspan(1);
  const bool any = std::string_view(words[0]) == "--allowed";
  const auto to = destinations_of(words.subspan(any ? 1 : 0), !not_local);
  if (!to || (!any && to->size() != 1)) return usage;
  os::end_with_parent();
  os::ignore_broken_pipes();
  if (!any) {
    serve_one(to->front());
    return 0;
  }
  serve(*to);
  os::end_process(0);  // whoever is being connected still has nobody to be handed to
}
