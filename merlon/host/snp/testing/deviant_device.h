#pragma once

// For tests: stands between a launch and a device, and does one thing wrong at one request. Sees to
// it that nothing is asked after a failure that ends a launch.

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "merlon/host/snp/device.h"

namespace merlon::host::snp::testing {

enum class Deviation : std::uint8_t {
  None,
  Drop,         ///< the request is not passed on, and answered with success
  Double,       ///< it is passed on twice
  Swap,         ///< it is passed on after the next one
  AlterField,   ///< a byte of what it takes is another; an address is none
  AlterAnswer,  ///< a byte of what it gives is another
  Fail,         ///< an errno
  ShortAgain,   ///< of updates: progress, told together with EAGAIN
  Stuck,        ///< from then on EAGAIN for ever
};
inline constexpr std::size_t deviation_count = 9;

class DeviantDevice final : public Device {
 public:
  /// At the request number `at`, counted from 0; `seed` decides the details.
  DeviantDevice(Device& inner, Deviation deviation, std::size_t at, std::uint32_t seed)
      : inner_(inner), deviation_(deviation), at_(at), random_(seed) {}

  os::Result<int> open(Node node) override;
  void close(int file) noexcept override { inner_.close(file); }
  os::Result<int> control(int file, unsigned long request, unsigned long number) override;
  os::Result<int> control_with(int file, unsigned long request, core::ByteSpan structure) override;
  os::Result<core::ByteSpan> map(int file, std::size_t size) override;
  void unmap(core::ByteSpan mapping) noexcept override { inner_.unmap(mapping); }

  [[nodiscard]] std::size_t requests() const { return count_; }
  /// Something was asked though what had failed before ends a launch.
  [[nodiscard]] bool went_on() const { return went_on_; }
  /// The deviation took place.
  [[nodiscard]] bool deviated() const { return deviated_; }

 private:
  /// A request that waits for the next one, with all that it points to.
  struct Waiting {
    int file;
    unsigned long request;
    std::vector<std::uint8_t> structure;
    std::vector<std::uint8_t> nested;
  };

  bool begin();
  os::Result<int> end(os::Result<int> answer, unsigned long request, core::ByteSpan structure);
  os::Result<int> fail();
  os::Result<int> altered(int file, unsigned long request, core::ByteSpan structure);
  os::Result<int> alter_answer(os::Result<int> answer, unsigned long request,
                               core::ByteSpan structure);
  os::Result<int> short_again(int file, unsigned long request, core::ByteSpan structure);
  void wait(int file, unsigned long request, core::ByteSpan structure);
  void send_waiting();
  std::size_t below(std::size_t limit) { return random_() % limit; }

  Device& inner_;
  Deviation deviation_;
  std::size_t at_;
  std::mt19937 random_;
  std::size_t count_ = 0;
  bool deviated_ = false;
  bool ended_ = false;
  bool went_on_ = false;
  std::optional<Waiting> waiting_;
};

}  // namespace merlon::host::snp::testing
