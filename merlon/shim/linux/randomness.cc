#include "merlon/shim/linux/randomness.h"

#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/keep.h"

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

}  // namespace merlon::shim::linux
