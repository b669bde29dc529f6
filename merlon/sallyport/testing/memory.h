#pragma once

// A block in this process, for tests: page-aligned memory with a guard pattern behind it.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>

#include "merlon/sallyport/block.h"

namespace merlon::sallyport::testing {

class BlockMemory {
 public:
  static constexpr std::size_t capacity = 1024;
  static constexpr std::size_t size = data_offset + capacity;

  BlockMemory() : memory_(new (std::align_val_t{4096}) std::uint8_t[size + guard]) {
    std::fill_n(memory_.get(), size, std::uint8_t{0});
    std::fill_n(memory_.get() + size, guard, pattern);
  }

  [[nodiscard]] Block block() const { return Block({memory_.get(), size}); }
  /// All of it as it lies there, for a look that no keep and no host ever takes.
  [[nodiscard]] core::ByteSpan raw() const { return {memory_.get(), size}; }
  /// Whether nobody wrote behind the block.
  [[nodiscard]] bool intact() const {
    return std::all_of(memory_.get() + size, memory_.get() + size + guard,
                       [](std::uint8_t byte) { return byte == pattern; });
  }

 private:
  struct Free {
    void operator()(std::uint8_t* memory) const {
      ::operator delete[](memory, std::align_val_t{4096});
    }
  };
  static constexpr std::size_t guard = 256;
  static constexpr std::uint8_t pattern = 0xa5;

  std::unique_ptr<std::uint8_t[], Free> memory_;
};

}  // namespace merlon::sallyport::testing
