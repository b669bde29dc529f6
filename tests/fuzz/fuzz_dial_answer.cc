// What the host of a keep answers when the keep wants a connection: with its Steward (dial.h), or
// to what its workload may connect to (dial_allowed.h), and what it makes of a keep's questions.
// The first byte says which; then come messages, each a byte with its size, one with how many
// descriptors go beside it, and its bytes.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include <sys/socket.h>

#include "merlon/launch/dial.h"
#include "merlon/launch/dial_allowed.h"
#include "merlon/os/channel.h"
#include "merlon/os/poll.h"

namespace {

using namespace merlon;

bool has_something(os::BorrowedFd channel) {
  std::array<os::PollItem, 1> items{{{channel.number(), POLLIN, 0}}};
  return os::poll(items, std::chrono::nanoseconds(0)).value_or(0) != 0;
}

/// What is said before anybody listens has to fit into the channel, which holds some 200 messages.
constexpr int most_messages = 100;

/// False at the end of what is to be said.
bool say_next(core::ByteView& rest, os::BorrowedFd to, int& said) {
  if (rest.size() < 2 || said == most_messages) return false;
  ++said;
  const std::size_t size = std::min<std::size_t>(rest[0], rest.size() - 2);
  const std::vector<os::BorrowedFd> beside(rest[1] % 4, to);
  const core::ByteView bytes = rest.subspan(2, size);
  rest = rest.subspan(2 + size);
  if (bytes.empty()) return true;
  return os::send_with_descriptors(to, bytes, beside).has_value();
}

void hear_steward(os::BorrowedFd channel) {
  const auto connection = launch::receive_connection(channel);
  if (connection && !connection->is_open()) std::abort();
  if (!connection && connection.error().empty()) std::abort();
}

void hear_allowed(os::BorrowedFd channel) {
  const auto answer = launch::receive_answer(channel);
  if (!answer) return;
  if (answer->outcome > launch::DialOutcome::Failed) std::abort();
  const bool connected = answer->outcome == launch::DialOutcome::Connected;
  if (answer->connection.is_open() != connected) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t most = 4096;
  core::ByteView rest(data, std::min(size, most));
  if (rest.empty()) return 0;
  const std::uint8_t which = rest[0] % 3;
  rest = rest.subspan(1);
  const auto channel = os::open_channel();
  if (!channel) return 0;
  int said = 0;
  if (which == 2) {
    while (say_next(rest, channel->there, said)) continue;
    ::shutdown(channel->there.number(), SHUT_WR);
    while (launch::receive_question(channel->here)) continue;
    return 0;
  }
  // One answer is heard for each that is said: what is left of one is the next one's beginning.
  while (say_next(rest, channel->there, said)) {
    if (!has_something(channel->here)) continue;
    which == 0 ? hear_steward(channel->here) : hear_allowed(channel->here);
  }
  ::shutdown(channel->there.number(), SHUT_WR);
  for (int left = 0; left < 8; ++left) {
    which == 0 ? hear_steward(channel->here) : hear_allowed(channel->here);
  }
  return 0;
}
