#pragma once

// The flags of the standard streams, which belong to whoever started this program.

#include <array>
#include <optional>

namespace merlon::os {

/// Notes how descriptors 0, 1 and 2 are open, and puts that back when it is dropped: O_APPEND and
/// O_NONBLOCK are of the open file, which the shell and its other programs share, and children of
/// ours may change them.
class StreamFlags {
 public:
  StreamFlags() noexcept;
  ~StreamFlags();
  StreamFlags(const StreamFlags&) = delete;
  StreamFlags& operator=(const StreamFlags&) = delete;

 private:
  std::array<std::optional<int>, 3> flags_;
};

}  // namespace merlon::os
