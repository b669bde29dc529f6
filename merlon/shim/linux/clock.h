#pragma once

// Time without a call of the host: the processor's counter, from a base that the launcher gave. The
// host can lie about both; the monotonic clock never goes back.

#include <cstdint>

#include "merlon/sallyport/boot.h"
#include "merlon/shim/linux/abi.h"

namespace merlon::shim::linux {

class Clock {
 public:
  void begin(const sallyport::HostTime& host) noexcept { host_ = host; }
  /// Writes the base, and the shim's entry for lent calls, to `address`, where the vdso finds them;
  /// 0: there is no vdso. False if that is not the keep's memory.
  [[nodiscard]] bool lend(std::uint64_t address, std::uint64_t entry) const noexcept;

  [[nodiscard]] abi::SystemResult get(std::uint64_t clock, std::uint64_t address) noexcept;
  [[nodiscard]] abi::SystemResult resolution(std::uint64_t clock, std::uint64_t address) noexcept;

 private:
  /// Nanoseconds since the launcher's base.
  [[nodiscard]] std::uint64_t elapsed() noexcept;

  sallyport::HostTime host_{};
  std::uint64_t latest_ = 0;
};

}  // namespace merlon::shim::linux
