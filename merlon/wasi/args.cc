// args_get, args_sizes_get, environ_get, environ_sizes_get.

#include <algorithm>

#include "merlon/wasi/api.h"

namespace merlon::wasi::api {
namespace {

Result<void> store_block(GuestMemory memory, const StringBlock& block, GuestAddress pointers,
                         GuestAddress bytes) {
  const auto& offsets = block.offsets();
  const core::ByteSpan list = TRY(memory.at(pointers, offsets.size() * sizeof(GuestAddress)));
  const core::ByteSpan text = TRY(memory.at(bytes, block.bytes().size()));
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    GuestMemory::write<GuestAddress>(list.subspan(i * sizeof(GuestAddress)), 0, bytes + offsets[i]);
  }
  const core::ByteView from = core::as_bytes(block.bytes());
  std::copy(from.begin(), from.end(), text.begin());
  return {};
}

Result<void> store_sizes(GuestMemory memory, const StringBlock& block, GuestAddress count,
                         GuestAddress size) {
  TRY(memory.store(count, static_cast<GuestSize>(block.offsets().size())));
  return memory.store(size, static_cast<GuestSize>(block.bytes().size()));
}

}  // namespace

Result<void> args_get(Context& context, GuestMemory memory, GuestAddress argv,
                      GuestAddress argv_buf) {
  return store_block(memory, context.arguments(), argv, argv_buf);
}

Result<void> args_sizes_get(Context& context, GuestMemory memory, GuestAddress count,
                            GuestAddress buf_size) {
  return store_sizes(memory, context.arguments(), count, buf_size);
}

Result<void> environ_get(Context& context, GuestMemory memory, GuestAddress environ,
                         GuestAddress environ_buf) {
  return store_block(memory, context.environment(), environ, environ_buf);
}

Result<void> environ_sizes_get(Context& context, GuestMemory memory, GuestAddress count,
                               GuestAddress buf_size) {
  return store_sizes(memory, context.environment(), count, buf_size);
}

}  // namespace merlon::wasi::api
