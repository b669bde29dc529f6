#pragma once

// What stands in a block, for tests that play a side themselves: they judge nothing.

#include <cstdint>

#include "merlon/sallyport/block.h"

namespace merlon::sallyport::testing {

[[nodiscard]] inline std::uint64_t word_in(const Block& block, Header field) {
  // ANY: a test looks at what the other side wrote, whatever it is.
  return block.load(field).any_value_is_right();
}

/// Answers the request that stands in the block.
inline void reply_in(const Block& block, std::int64_t result, std::uint64_t returned) {
  block.store(Header::Result, static_cast<std::uint64_t>(result));
  block.store(Header::Returned, returned);
  block.store(Header::Answered, word_in(block, Header::Sequence));
}

}  // namespace merlon::sallyport::testing
