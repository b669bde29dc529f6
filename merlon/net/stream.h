#pragma once

// Connections and what accepts them, whatever lies below: TCP as it is, or TLS over it. No call
// waits: where one would, it says Again, and `awaits` says for what. Not to be shared between
// threads. What comes out of a stream is the peer's, with whatever trust the kind of stream gives.

#include <cstdint>
#include <memory>
#include <vector>

#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::net {

enum class Side : std::uint8_t { Read, Write };

/// Whether a call on one side would wait.
struct Readiness {
  enum class Known : std::uint8_t {
    No,   ///< it would
    Yes,  ///< it would not: there is something, or an end, or an error
    Ask,  ///< the descriptor alone knows: poll it for what `awaits` says
  };
  Known known = Known::Ask;
  bool hung_up = false;
  std::uint64_t bytes = 0;  ///< that can be read at once, as far as is known
};

class Stream {
 public:
  virtual ~Stream() = default;

  [[nodiscard]] virtual os::BorrowedFd descriptor() const noexcept = 0;

  /// What there is, at least a byte. Size 0 is the end, for which nobody but the peer can be
  /// responsible: one that was cut off is Connreset.
  [[nodiscard]] virtual os::Result<os::Received> receive(os::IoVectors into,
                                                         os::ReceiveFlags flags) = 0;
  /// Takes as many bytes as it can, at least one; they may still have to be sent, by flush().
  [[nodiscard]] virtual os::Result<std::size_t> send(os::IoVectors from) = 0;
  [[nodiscard]] virtual os::Result<void> shut_down(bool reading, bool writing) = 0;

  /// For what to poll the descriptor before `side` can go on.
  [[nodiscard]] virtual short awaits(Side side) const noexcept {
    return side == Side::Read ? POLLIN | POLLRDHUP : POLLOUT;
  }
  /// May read ahead to find out.
  [[nodiscard]] virtual Readiness look(Side /*side*/) { return {}; }

  /// Whether some of what send() took is still here. It goes when flush() is called, and with it
  /// the last words of a stream that was shut down.
  [[nodiscard]] virtual bool has_unsent() const noexcept { return false; }
  virtual void flush() {}
  /// Says the end, where what is spoken has a word for it; nothing else is sent from then on.
  virtual void finish() {}
};

class Listener {
 public:
  virtual ~Listener() = default;

  [[nodiscard]] virtual os::BorrowedFd descriptor() const noexcept = 0;
  /// The next connection that is ready to be used.
  [[nodiscard]] virtual os::Result<std::unique_ptr<Stream>> accept() = 0;
  /// Adds what to poll before accept() can go on; at most `max_awaited`.
  virtual void add_awaited(std::vector<os::PollItem>& items) const = 0;
  /// May do work on connections that are not ready yet.
  [[nodiscard]] virtual Readiness look() { return {}; }
};

}  // namespace merlon::net
