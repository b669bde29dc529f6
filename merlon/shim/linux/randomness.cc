#include "merlon/shim/linux/randomness.h"

#include <algorithm>

#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/keep.h"
#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux {

/// Broken sources say that they are good and give zeros, ones, or the same again.
std::uint64_t hardware_random() noexcept {
  constexpr int attempts = 1000;  // more than Intel and AMD advise
  for (int i = 0; i < attempts; ++i) {
    const auto value = random_number();
    if (value && keep().randomness.takes(*value)) return *value;
  }
  give_up("the processor's random numbers have run out");
}

bool write_random(std::uint64_t address, std::uint64_t size) noexcept {
  const auto bytes = writable_bytes(address, size);
  if (!bytes) return false;
  core::ByteSpan rest = *bytes;
  while (!rest.empty()) {
    const std::uint64_t value = hardware_random();
    const std::size_t part = std::min(rest.size(), sizeof(value));
    copy(rest, bytes_of(value).first(part));
    rest = rest.subspan(part);
  }
  return true;
}

}  // namespace merlon::shim::linux
