// Any bytes as a module: refused, or taken apart, never read outside of.

#include <cstdint>
#include <cstdlib>

#include "merlon/wasm/binary/decoder.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto module = merlon::wasm::decode({data, size});
  if (!module.has_value()) return 0;
  // What a module declares lies within its bytes.
  for (const auto& body : module->bodies) {
    if (body.code.data() < data || body.code.data() + body.code.size() > data + size) std::abort();
    if (data + body.offset != body.code.data()) std::abort();
  }
  return 0;
}
