#include "merlon/launch/stream.h"

#include <array>

#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Result;

Result<void> write_stream(os::BorrowedFd stream, core::ByteView bytes) {
  const auto written = os::write_all(stream, bytes);
  if (!written) return os::to_error(written.error(), "cannot speak to the other side");
  return {};
}

Result<void> read_stream(os::BorrowedFd stream, core::ByteSpan bytes, bool may_be_over) {
  while (!bytes.empty()) {
    const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
    const auto size = os::read(stream, into);
    if (!size && size.error() == os::Errno::Intr) continue;
    // A peer that was killed with something unread.
    const bool over = size ? *size == 0 : size.error() == os::Errno::Connreset;
    if (over) {
      return may_be_over ? core::error(ErrorCode::Unavailable, "the other side has ended")
                         : core::error(ErrorCode::Malformed, "the other side ended in the middle");
    }
    if (!size) return os::to_error(size.error(), "cannot hear from the other side");
    may_be_over = false;
    bytes = bytes.subspan(*size);
  }
  return {};
}

}  // namespace merlon::launch
