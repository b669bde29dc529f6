#pragma once

// Private to the room: a commit that does not count yet, and a volume's key that was found.

#include "merlon/crypto/random.h"
#include "merlon/sealed/volume.h"

namespace merlon::sealed {

struct Volume::Draft {
  Keyed* keyed = nullptr;  ///< what it is sealed under
  Index index;
  Objects added;  ///< put for it
  Mark mark;
};

struct Volume::Unlocked {
  Secret key;
  Versions newest;  ///< of the root, now
  bool by_recovery = false;
};

/// Internal: no random numbers.
template <typename T>
core::Result<T> random_bytes() {
  std::array<std::uint8_t, T::size> bytes{};
  if (!crypto::fill_random(bytes)) {
    return core::error(core::ErrorCode::Internal, "no random numbers");
  }
  return T::from(bytes);
}

}  // namespace merlon::sealed
