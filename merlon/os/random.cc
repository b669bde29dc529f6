#include "merlon/os/random.h"

#include <sys/random.h>

namespace merlon::os {

Result<void> fill_random(core::ByteSpan into) noexcept {
  while (!into.empty()) {
    const ::ssize_t size = ::getrandom(into.data(), into.size(), 0);
    if (size < 0) {
      if (errno == EINTR) continue;
      return last_errno();
    }
    into = into.subspan(static_cast<std::size_t>(size));
  }
  return {};
}

}  // namespace merlon::os
