// Any bytes as the host's part of a block: answered within what was asked, or refused by name.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "merlon/sallyport/guest/port.h"
#include "merlon/sallyport/testing/memory.h"

namespace {

using namespace merlon;
using sallyport::Block;
using sallyport::Header;

/// The host's words, then what it puts into the data; then the shape of the keep's request.
struct Script {
  std::int64_t result;
  std::uint32_t returned;
  std::uint32_t sequence;
  std::uint16_t sent;
  std::uint16_t room;
  std::uint8_t call;
};

struct Host {
  Block block;
  Script script;
  core::ByteView data;

  static void ring(void* self, std::uint32_t /*sequence*/) noexcept {
    const auto& host = *static_cast<const Host*>(self);
    host.block.store(&Header::result, host.script.result);
    host.block.store(&Header::returned, host.script.returned);
    host.block.store(&Header::answered, host.script.sequence);
    host.block.copy_in(host.data);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Script script{};
  if (size < sizeof(script)) return 0;
  std::memcpy(&script, bytes, sizeof(script));
  const sallyport::testing::BlockMemory memory;
  const Block block = memory.block();
  const std::size_t rest = std::min(size - sizeof(script), block.capacity());
  Host host{block, script, {bytes + sizeof(script), rest}};
  sallyport::Port port(block, {&Host::ring, &host});
  const auto& info = sallyport::call_table[script.call % sallyport::call_table.size()];
  const std::vector<std::uint8_t> sent(script.sent % (block.capacity() + 1));
  std::vector<std::uint8_t> into(script.room % (block.capacity() + 1));
  const auto answer = port.stage(info.call, {})
                          .send(sent)
                          .receive(into.size())
                          .items(sent.size() / sizeof(sallyport::PollItem))
                          .commit()
                          .collect(into);
  if (!memory.intact()) std::abort();
  if (!answer) return 0;
  const bool reads = info.reply == sallyport::Reply::Read;
  if (reads && *answer > into.size()) std::abort();
  if (info.reply == sallyport::Reply::Written && *answer > sent.size()) std::abort();
  if (info.reply == sallyport::Reply::Never) std::abort();
  return 0;
}
