// What is said to a pool and to keeps that are made ahead, by the first byte: a question, an
// answer, an end, a preparation or launch, streams. Each over a socket, with as many open files as
// the second byte says.

#include <vector>

#include "merlon/launch/pool.h"
#include "merlon/launch/preparation.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  constexpr std::size_t head = 2;
  constexpr std::size_t most = 65536;  // fits into the socket
  if (size < head || size > most) return 0;
  auto channel = os::open_channel();
  const auto file = os::memory_file("fuzz", core::as_bytes("x"));
  if (!channel || !file) return 0;
  const core::ByteView said(data + head, size - head);
  const std::vector<os::BorrowedFd> files(data[1] % 5, *file);
  if (!said.empty() && !os::send_with_descriptors(channel->here, said, files)) return 0;
  channel->here.close();
  switch (data[0] % 6) {
    case 0: static_cast<void>(launch::receive_pool_question(channel->there)); break;
    case 1: static_cast<void>(launch::receive_pool_answer(channel->there)); break;
    case 2: static_cast<void>(launch::receive_process_end(channel->there)); break;
    case 3: static_cast<void>(launch::receive_first(channel->there)); break;
    case 4: static_cast<void>(launch::receive_streams(channel->there)); break;
    default: static_cast<void>(launch::receive_end(channel->there)); break;
  }
  return 0;
}
