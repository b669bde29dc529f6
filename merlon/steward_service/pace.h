#pragma once

// So many requests of one address in a minute, in a table of one size, however many ask. Two
// addresses may share a place; which, nobody outside can choose.

#include <array>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "merlon/codec/time.h"

namespace merlon::steward_service {

class Pace {
 public:
  /// 0: as many as one likes.
  explicit Pace(std::uint32_t per_minute);

  /// Whether `peer`, a numeric address, may ask once more. 64 bits of IPv6 count as one. Any
  /// thread.
  [[nodiscard]] bool take(std::string_view peer, codec::UnixTime now);

 private:
  static constexpr std::size_t places = 4096;
  struct Place {
    std::int64_t minute = -1;
    std::uint32_t count = 0;
  };

  std::uint32_t per_minute_;
  std::uint64_t salt_ = 0;
  std::mutex mutex_;
  std::array<Place, places> table_{};
};

}  // namespace merlon::steward_service
