#include "merlon/os/stream_flags.h"

#include <fcntl.h>

namespace merlon::os {
namespace {

std::optional<int> flags_of(int number) noexcept {
  const int flags = ::fcntl(number, F_GETFL);
  return flags < 0 ? std::nullopt : std::optional(flags);
}

}  // namespace

StreamFlags::StreamFlags() noexcept {
  for (int number = 0; number < 3; ++number) {
    flags_[static_cast<std::size_t>(number)] = flags_of(number);
  }
}

StreamFlags::~StreamFlags() {
  for (int number = 0; number < 3; ++number) {
    const std::optional<int> before = flags_[static_cast<std::size_t>(number)];
    if (before && flags_of(number) != before) ::fcntl(number, F_SETFL, *before);
  }
}

}  // namespace merlon::os
