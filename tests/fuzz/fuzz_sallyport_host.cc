// Any bytes as the keep's part of a block: a request within the block, or refused.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "merlon/sallyport/host/request.h"
#include "merlon/sallyport/testing/memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace merlon;
  using sallyport::Header;
  Header header{};
  std::memcpy(&header, bytes, std::min(size, sizeof(header)));
  const sallyport::testing::BlockMemory memory;
  const sallyport::Block block = memory.block();
  block.store(&Header::call, header.call);
  block.store(&Header::sequence, header.sequence);
  block.store(&Header::sent, header.sent);
  block.store(&Header::room, header.room);
  const auto request = sallyport::take_request(block, 1);
  if (!request) return 0;
  if (request->sent.size() > block.capacity() || request->room.size() > block.capacity()) {
    std::abort();
  }
  std::fill(request->room.begin(), request->room.end(), std::uint8_t{1});
  sallyport::answer(block, *request, {0, static_cast<std::uint32_t>(request->room.size())});
  if (!memory.intact()) std::abort();
  return 0;
}
