// Any bytes as the keep's part of a block: a request within the block, or refused.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "merlon/sallyport/host/request.h"
#include "merlon/sallyport/testing/memory.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace merlon;
  using sallyport::Header;
  const sallyport::testing::BlockMemory memory;
  const sallyport::Block block = memory.block();
  // The keep's words, in their order.
  std::array<std::uint64_t, 8> words{};
  if (size != 0) std::memcpy(words.data(), bytes, std::min(size, sizeof(words)));
  block.store(Header::Call, words[0]);
  block.store(Header::Sequence, words[1]);
  for (std::size_t i = 0; i < sallyport::argument_count; ++i) block.store_argument(i, words[2 + i]);
  block.store(Header::Sent, words[6]);
  block.store(Header::Room, words[7]);
  const auto request = sallyport::take_request(block, 1);
  if (!request) return 0;
  if (request->sent.size() > block.capacity() || request->room.size() > block.capacity()) {
    std::abort();
  }
  std::vector<std::uint8_t> copy(request->sent.size());
  request->sent.copy_in(copy);
  copy.assign(request->room.size(), 1);
  request->room.copy_out(copy);
  sallyport::answer(block, *request, {0, request->room.size()});
  if (!memory.intact()) std::abort();
  return 0;
}
