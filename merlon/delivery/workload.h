#pragma once

// What is delivered: a workload with all that it runs as. Its bytes are inside the seal only.
//
//   offset  size
//        0     4  size of the launch message
//        4        the launch message (launch/message.h), as if a host launched the workload
//                 u32 size · the module
//                 u32 size · the archive of files (files/archive.h) that mounts are filled from;
//                 0 if none is
// Module and archive are empty if the message names a package that the keep gets by itself.

#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/hash.h"
#include "merlon/files/archive.h"
#include "merlon/launch/message.h"

namespace merlon::delivery {

/// As large as a module may be [ENARX 0.7.1 crates/exec-wasmtime/src/workload.rs].
inline constexpr std::size_t max_module_size = 100'000'000;

struct Workload {
  /// Arguments, environment, files, Steward and the tenant's own limits. It asks for no proof and
  /// says nothing of how the keep is confined, which are the host's affairs.
  launch::Message message;
  std::vector<std::uint8_t> module;
  std::vector<std::uint8_t> archive;  ///< not yet looked at
  bool operator==(const Workload&) const = default;
};

/// SHA-256 of the module, which is delivered or which the keep is to get.
[[nodiscard]] crypto::Sha256Digest module_digest(const Workload& workload);

/// Errors: as launch::encode() · Exhausted (the module or the archive is too
///         large) · Malformed (a message that
///         says what is the host's to say, or that gives directories of the host's, or
///         not the archive that its mounts need).
[[nodiscard]] core::Result<std::vector<std::uint8_t>> encode(const Workload& workload);

/// There is one encoding of each workload. Attacker-controlled, until who signed it is known; work
/// and memory are bounded by the size of `bytes`. Errors as encode() and launch::decode_body().
[[nodiscard]] core::Result<Workload> decode(core::ByteView bytes);

}  // namespace merlon::delivery
