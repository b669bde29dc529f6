// Any bytes as the host's part of a block: answered within what was asked, or refused by name.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "merlon/sallyport/guest/host_time.h"
#include "merlon/sallyport/guest/port.h"
#include "merlon/sallyport/host/request.h"
#include "merlon/sallyport/testing/memory.h"

namespace {

using namespace merlon;
using sallyport::Block;
using sallyport::Header;

/// The host's words, then what it puts into the data; then the shape of the keep's request.
struct Script {
  std::uint64_t result;
  std::uint64_t returned;
  std::uint64_t sequence;
  sallyport::HostTime time;
  std::uint16_t sent;
  std::uint16_t room;
  std::uint8_t call;
};

struct Host {
  Block block;
  Script script;
  core::ByteView data;

  static void ring(void* self, std::uint64_t /*sequence*/) noexcept {
    const auto& host = *static_cast<const Host*>(self);
    host.block.store(Header::Result, host.script.result);
    host.block.store(Header::Returned, host.script.returned);
    host.block.store(Header::Answered, host.script.sequence);
    host.block.copy_out(host.data);
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
  sallyport::tell_time(block, script.time);
  const auto time = sallyport::take_host_time(block);
  if (time &&
      (time->tsc_khz > sallyport::max_tsc_khz || time->monotonic_base > sallyport::max_time ||
       time->realtime_base > sallyport::max_time)) {
    std::abort();
  }
  const std::vector<std::uint8_t> sent(script.sent % (block.capacity() + 1));
  std::vector<std::uint8_t> into(script.room % (block.capacity() + 1));
  const auto answer = port.stage(info.call, {})
                          .send(core::ByteView(sent).first(sent.size() / 3))
                          .send(core::ByteView(sent).subspan(sent.size() / 3))
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
