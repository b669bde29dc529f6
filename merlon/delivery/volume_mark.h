#pragma once

// How far a workload's sealed volume has come, as the keep tells its tenant in the private talk
// (records.h), so that he notices when a host shows an older state of it or another volume.
//
//   offset  size
//        0     8  generation, little-endian
//        8    32  SHA-256 of its index as it lies in the store
//       40    16  the volume's id
//
// Authenticated by the talk, and said by the keep that the tenant has judged.

#include <vector>

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"
#include "merlon/crypto/hash.h"

namespace merlon::delivery {

struct VolumeMark {
  using Id = core::FixedBytes<struct MarkedVolumeTag, 16>;

  std::uint64_t generation = 0;
  crypto::Sha256Digest head;
  Id id;

  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// Malformed: another size, or the id is zeros, which is no volume's.
  [[nodiscard]] static core::Result<VolumeMark> parse(core::ByteView content);

  friend bool operator==(const VolumeMark&, const VolumeMark&) = default;
};

}  // namespace merlon::delivery
