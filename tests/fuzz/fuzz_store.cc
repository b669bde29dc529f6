// A keep's requests to its volume, and a host's answers: each end reads what the other made up.

#include <algorithm>
#include <cstdint>

#include <sys/socket.h>

#include "merlon/launch/store.h"
#include "merlon/launch/stream.h"
#include "merlon/os/channel.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  constexpr std::size_t fits = 60'000;  // into the socket, without anybody reading
  const core::ByteView bytes(data, std::min(size, fits));
  if (bytes.empty()) return 0;
  auto channel = os::open_channel();
  if (!channel || !launch::write_stream(channel->there, bytes.subspan(1))) return 0;
  ::shutdown(channel->there.number(), SHUT_WR);
  if (bytes[0] % 2 == 0) {
    while (launch::receive_request(channel->here)) continue;
    return 0;
  }
  launch::StoreClient client(std::move(channel->here));
  for (int i = 0; i < 4; ++i) {
    (void)client.list(3);
    (void)client.get(launch::ObjectName{1}, 100);
    (void)client.put(std::nullopt, bytes.first(1));
  }
  return 0;
}
