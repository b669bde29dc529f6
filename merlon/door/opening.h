#pragma once

// The first words of a tenant at the door of one keep. What follows on the same stream, each in its
// own form: the keep's proof or why there is none (launch/proof.h), the delivery
// (delivery/sealed.h), the private talk (delivery/records.h). Nobody but the keep has to be
// believed, so nothing here is sealed: whoever carries it could as well be the host.
//
//   offset  size
//        0     8  magic "MRLNDOOR"
//        8     4  version, 1
//       12     4  size of all that follows, at most max_opening_size
//       16     1  1: the tenant leaves, and the keep goes on · 2: a tenant is named ·
//                 4: a policy is named
//       17        of a tenant 64 and 32: his key and the salt of his challenge
//                 of a policy 32: SHA-256 of its text
//                 the rest: a KeepRequest in JSON
//
// Integers are little-endian.

#include <optional>
#include <string>
#include <vector>

#include "merlon/crypto/hash.h"
#include "merlon/delivery/challenge.h"
#include "merlon/door/keep_request.h"
#include "merlon/os/fd.h"

namespace merlon::door {

inline constexpr std::size_t max_opening_size = std::size_t{64} << 10U;

/// Who the tenant says he is: the two of which the nonce was made. It holds once the keep has taken
/// his delivery, which only the owner of the key can sign.
struct NamedTenant {
  delivery::TenantKey key;
  delivery::Salt salt;
  bool operator==(const NamedTenant&) const = default;
};

struct Opening {
  KeepRequest request;
  std::optional<NamedTenant> tenant;
  std::optional<crypto::Sha256Digest> policy;
  bool leaves = false;
};

[[nodiscard]] std::vector<std::uint8_t> encode(const Opening& opening);
/// What follows the size. Attacker-controlled. The error is a line.
[[nodiscard]] core::Result<Opening, std::string> decode_opening(core::ByteView body);

/// Errors: Unavailable (nobody reads).
[[nodiscard]] core::Result<void> send(os::BorrowedFd stream, const Opening& opening);
/// Waits for it; reads no more than its own bytes. The error is a line.
[[nodiscard]] core::Result<Opening, std::string> receive_opening(os::BorrowedFd stream);

}  // namespace merlon::door
