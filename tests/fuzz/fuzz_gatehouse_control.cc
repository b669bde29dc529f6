// What a warden says over the control socket, and what it is told: each end reads what the other
// made up. The first byte says which end reads.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include <sys/socket.h>

#include "merlon/gatehouse/control.h"
#include "merlon/launch/stream.h"
#include "merlon/os/channel.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  constexpr std::size_t fits = 60'000;  // into the socket, without anybody reading
  const core::ByteView bytes(data, std::min(size, fits));
  if (bytes.empty()) return 0;
  const auto channel = os::open_channel();
  if (!channel || !launch::write_stream(channel->there, bytes.subspan(1))) return 0;
  ::shutdown(channel->there.number(), SHUT_WR);
  if (bytes[0] % 2 == 0) {
    while (const auto reply = gatehouse::receive_reply(channel->here)) {
      if (reply->outcome > gatehouse::Outcome::NoRoom) std::abort();
    }
    return 0;
  }
  while (const auto command = gatehouse::receive_command(channel->here)) {
    if (command->bytes.size() > bytes.size()) std::abort();
    if (!gatehouse::send_reply(channel->here, {gatehouse::Outcome::Done, 1})) break;
  }
  return 0;
}
