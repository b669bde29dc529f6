// random_get.

#include <algorithm>

#include "merlon/wasi/api.h"

namespace merlon::wasi::api {

Result<void> random_get(Context& context, GuestMemory memory, GuestAddress buf, GuestSize buf_len) {
  constexpr std::size_t piece = 1 << 20;  // so that a guest which asks for gigabytes can be stopped
  core::ByteSpan rest = TRY(memory.at(buf, buf_len));
  while (!rest.empty()) {
    if (context.is_interrupted()) return interrupted();
    const core::ByteSpan now = rest.first(std::min(rest.size(), piece));
    TRY(context.random().fill(now));
    rest = rest.subspan(now.size());
  }
  return {};
}

}  // namespace merlon::wasi::api
