#pragma once

// Where a guest's random bytes come from.

#include <array>

#include "merlon/core/bytes.h"
#include "merlon/wasi/failure.h"

namespace merlon::wasi {

/// Random bytes fit for keys.
class RandomSource {
 public:
  virtual ~RandomSource() = default;
  /// Fills all of `into`.
  [[nodiscard]] virtual Result<void> fill(core::ByteSpan into) = 0;
};

/// The kernel's generator. Small requests come out of a block drawn ahead, so that most of them
/// cost no system call; a byte is wiped when it is given out. Must not be copied by fork().
class SystemRandom final : public RandomSource {
 public:
  SystemRandom() = default;
  SystemRandom(const SystemRandom&) = delete;
  SystemRandom& operator=(const SystemRandom&) = delete;
  ~SystemRandom() override;
  [[nodiscard]] Result<void> fill(core::ByteSpan into) override;

 private:
  std::array<std::uint8_t, 512> block_{};
  std::size_t used_ = sizeof(block_);
};

}  // namespace merlon::wasi
