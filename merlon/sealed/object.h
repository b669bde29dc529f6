#pragma once

// One object: a piece of a file, in segments that are sealed each by itself. An object is written
// once and never again: other bytes are another object, so that no key seals two texts with one
// nonce.
//
//   for each segment of up to segment_size bytes: the sealed bytes ‖ tag (16)
//     key    of the object's name [keys.h]
//     nonce  u64 number of the segment ‖ 4 zero bytes
//     aad    "merlon/object/1" and a zero byte ‖ volume (16) ‖ object (16) ‖ u64 number of the
//            segment ‖ u8 1 for the last one, else 0

#include <vector>

#include "merlon/sealed/keys.h"

namespace merlon::sealed {

inline constexpr std::size_t segment_size = std::size_t{64} * 1024;
/// Bytes of a file that lie in one object.
inline constexpr std::size_t piece_size = std::size_t{1} << 20U;

[[nodiscard]] constexpr std::size_t sealed_size(std::size_t plain) noexcept {
  const std::size_t segments = plain == 0 ? 1 : (plain + segment_size - 1) / segment_size;
  return plain + segments * crypto::gcm_tag_size;
}

[[nodiscard]] std::vector<std::uint8_t> seal_object(const Secret& volume_key,
                                                    const VolumeId& volume, const ObjectId& id,
                                                    core::ByteView plain);

/// Into all of `plain`, whose size the index has told. Denied: not what was sealed under this name,
/// in this volume, whole; then `plain` holds nothing of it.
[[nodiscard]] core::Result<void> open_object(const Secret& volume_key, const VolumeId& volume,
                                             const ObjectId& id, core::ByteView sealed,
                                             core::ByteSpan plain);

}  // namespace merlon::sealed
