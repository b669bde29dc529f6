#pragma once

// Streams that hold bytes which a guest has written and the peer has not taken yet. Whoever waits
// for anything lets them go on; a stream that the guest has closed stays here until it is done.

#include <memory>
#include <vector>

#include "merlon/net/stream.h"

namespace merlon::wasi {

class Unsent {
 public:
  /// Remembers `stream` if it holds such bytes.
  void note(const std::shared_ptr<net::Stream>& stream);

  [[nodiscard]] bool empty() const noexcept { return streams_.empty(); }
  void add_awaited(std::vector<os::PollItem>& items) const;
  /// Lets each send what it can, and forgets those that are done.
  void flush();

 private:
  /// Of those that the guest has closed. Beyond it the oldest is cut off: its peer reads nothing.
  static constexpr std::size_t most_closed = 256;

  std::vector<std::shared_ptr<net::Stream>> streams_;  // the oldest first
};

}  // namespace merlon::wasi
