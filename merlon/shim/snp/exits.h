#pragma once

// Exits to the host by the page that is shared with it, the GHCB [GHCB 2.03 §2.6, §4.1]. Before
// each the page is cleared, and then holds what this exit needs and nothing else; of the answer
// each word is read once.

#include <cstdint>
#include <optional>

#include "merlon/shim/snp/reason.h"

namespace merlon::shim::snp {

/// What the host said to an exit that it did.
struct ExitAnswer {
  std::uint64_t information = 0;            ///< SW_EXITINFO2
  std::optional<std::uint64_t> register_b;  ///< if the host says that it set it
};

/// What an exit asks: a code, its two words, and registers, if the exit has them.
struct ExitRequest {
  std::uint64_t code = 0;
  std::uint64_t information1 = 0;
  std::uint64_t information2 = 0;
  std::optional<std::uint64_t> register_a;
  std::optional<std::uint64_t> register_b;
};

/// Makes the exit. Failed: the host did not do it, wants an exception raised, or left out what an
/// answer has.
[[nodiscard]] Trouble make_exit(const ExitRequest& request, ExitAnswer& answer) noexcept;

/// `out` of a zero byte to `port`.
[[nodiscard]] Trouble ring_port(std::uint16_t port) noexcept;

/// How a guest's message fared.
enum class Carried : std::uint8_t {
  Done,
  Busy,      ///< the host has no time: the same message may be sent again
  Refused,   ///< host or security processor want nothing of it
  TooSmall,  ///< no message was sent: there are more certificates than there is room for
};

/// A message that stands in the request page goes to the security processor, and its answer to the
/// response page. With `certificate_room` pages for certificates the host puts its own there.
[[nodiscard]] Trouble carry_message(std::uint64_t certificate_room, Carried& carried) noexcept;

}  // namespace merlon::shim::snp
