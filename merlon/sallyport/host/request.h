#pragma once

// The host's end of a block: takes a request out, copied once and judged, and writes the answer.
// The keep is not trusted either. Freestanding.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/sallyport/block.h"

namespace merlon::sallyport {

/// A request whose numbers are the host's own. The bytes are still in the block and may change
/// while they are looked at: what must not change is copied first.
struct Request {
  Call call;
  Reply reply;
  std::uint32_t sequence;
  Arguments arguments;
  core::ByteView sent;  ///< bytes of the keep, in the block
  core::ByteSpan room;  ///< where bytes for the keep go, in the block; may overlap `sent`
};

/// Answers to requests: what `answer` writes.
struct Outcome {
  std::int64_t result = 0;     ///< not negative, or minus an errno
  std::uint32_t returned = 0;  ///< bytes put into Request::room
};

/// Takes the request out of `block`. `expected` is the sequence number that comes next.
///
/// Errors: Malformed (a call that is not in the list, sizes beyond the block, a sequence out of
/// order). A keep that does this is not to be run on. Attacker-controlled.
[[nodiscard]] core::Result<Request> take_request(const Block& block, std::uint32_t expected);

/// Writes the answer to `request`. `outcome.returned` is at most request.room.size().
void answer(const Block& block, const Request& request, Outcome outcome) noexcept;

}  // namespace merlon::sallyport
