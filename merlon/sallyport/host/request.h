#pragma once

// The host's end of a block: takes a request out, copied once and judged, and writes the answer.
// The keep is not trusted either. Freestanding.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/sallyport/block.h"
#include "merlon/sallyport/boot.h"

namespace merlon::sallyport {

/// A request whose numbers are the host's own. The bytes are still in the block: what is looked at
/// is copied first.
struct Request {
  Call call;
  Reply reply;
  std::uint64_t sequence;
  Arguments arguments;
  SharedBytes sent;  ///< bytes of the keep, in the block
  SharedBytes room;  ///< where bytes for the keep go, in the block; may overlap `sent`
};

/// Answers to requests: what `answer` writes.
struct Outcome {
  std::int64_t result = 0;     ///< not negative, or minus an errno
  std::uint64_t returned = 0;  ///< bytes put into Request::room
};

/// Takes the request out of `block`. `expected` is the sequence number that comes next.
///
/// Errors: Malformed (a call that is not in the list, sizes beyond the block, a sequence out of
/// order, or after the last that there is). A keep that does this is not to be run on.
/// Attacker-controlled.
[[nodiscard]] core::Result<Request> take_request(const Block& block, std::uint64_t expected);

/// Writes the answer to `request`. `outcome.returned` is at most request.room.size().
void answer(const Block& block, const Request& request, Outcome outcome) noexcept;

/// Whether the keep has asked for something since the request of this number. A hint: what it asks
/// is judged by take_request().
[[nodiscard]] bool has_request_after(const Block& block, std::uint64_t sequence) noexcept;

/// Says whether the host looks into the block by itself; the keep need not ring then.
void set_attended(const Block& block, bool attended) noexcept;

/// Tells the time, before the keep starts.
void tell_time(const Block& block, const HostTime& time) noexcept;

}  // namespace merlon::sallyport
