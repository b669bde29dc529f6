#pragma once

// Private to the room: how the library reaches the stream below a session. It has no socket of its
// own: what it wants to send is put into a buffer of the session's, what it wants to read comes
// from the stream.

#include <vector>

#include "merlon/base/budget.h"
#include "merlon/core/result.h"
#include "merlon/net/stream.h"
#include "merlon/tls/owned.h"

namespace merlon::tls {

struct Carrier {
  std::shared_ptr<net::Stream> below;
  std::vector<std::uint8_t> unsent;  ///< from `sent` on
  std::size_t sent = 0;
  base::Share share{};     ///< what `unsent` takes
  std::size_t budget = 0;  ///< bytes that may still be read before the library must come back
  bool ended = false;      ///< the stream below has come to its end
  bool broken = false;     ///< it takes or gives no more

  /// Beyond this the library is told to wait. More than any flight of a handshake.
  static constexpr std::size_t most_unsent = std::size_t{256} << 10U;
  /// Per call. A peer that sends and sends what is no data does not keep us from everything else.
  static constexpr std::size_t full_budget = std::size_t{128} << 10U;

  [[nodiscard]] std::size_t unsent_bytes() const noexcept { return unsent.size() - sent; }
  /// So that `size` bytes more can be put into `unsent`; false if there is no memory for them.
  [[nodiscard]] bool make_room(std::size_t size);
  void flush();
};

[[nodiscard]] core::Result<Owned<BIO_METHOD>> new_carrier();
/// `carrier` outlives it.
[[nodiscard]] Owned<BIO> new_bio(const BIO_METHOD& method, Carrier& carrier) noexcept;

}  // namespace merlon::tls
