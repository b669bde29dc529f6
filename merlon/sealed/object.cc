#include "merlon/sealed/object.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"

namespace merlon::sealed {

using core::ByteView;
using crypto::AesGcmKey;

namespace {

/// The number of a segment and whether it is the last.
struct Place {
  std::uint64_t number = 0;
  bool is_last = false;
};

AesGcmKey::Nonce nonce_of(const Place& place) noexcept {
  AesGcmKey::Nonce nonce{};
  for (std::size_t i = 0; i < sizeof place.number; ++i) {
    nonce[i] = static_cast<std::uint8_t>(place.number >> (8 * i));
  }
  return nonce;
}

std::vector<std::uint8_t> beside(const VolumeId& volume, const ObjectId& id, const Place& place) {
  base::ByteWriter out;
  out.text("merlon/object/1");
  out.u8(0);
  out.bytes(volume.view());
  out.bytes(id.view());
  out.u64(place.number);
  out.u8(place.is_last ? 1 : 0);
  return out.take();
}

}  // namespace

std::vector<std::uint8_t> seal_object(const Secret& volume_key, const VolumeId& volume,
                                      const ObjectId& id, ByteView plain) {
  const AesGcmKey key = object_key(volume_key, id);
  std::vector<std::uint8_t> out;
  out.reserve(sealed_size(plain.size()));
  Place place;
  do {
    const ByteView segment = plain.first(std::min(plain.size(), segment_size));
    plain = plain.subspan(segment.size());
    place.is_last = plain.empty();
    const auto sealed = key.seal(nonce_of(place), beside(volume, id, place), segment);
    out.insert(out.end(), sealed.text.begin(), sealed.text.end());
    out.insert(out.end(), sealed.tag.begin(), sealed.tag.end());
    ++place.number;
  } while (!plain.empty());
  return out;
}

core::Result<void> open_object(const Secret& volume_key, const VolumeId& volume, const ObjectId& id,
                               ByteView sealed, core::ByteSpan plain) {
  const auto altered = [&] {
    crypto::wipe(plain);
    return core::error(core::ErrorCode::Denied, "an object of the sealed volume was altered");
  };
  if (sealed.size() != sealed_size(plain.size())) return altered();
  const AesGcmKey key = object_key(volume_key, id);
  core::ByteSpan rest = plain;
  Place place;
  do {
    const core::ByteSpan segment = rest.first(std::min(rest.size(), segment_size));
    rest = rest.subspan(segment.size());
    place.is_last = rest.empty();
    std::ranges::copy(sealed.first(segment.size()), segment.begin());
    AesGcmKey::Tag tag{};
    std::ranges::copy(sealed.subspan(segment.size(), tag.size()), tag.begin());
    sealed = sealed.subspan(segment.size() + tag.size());
    if (!key.open_in_place(nonce_of(place), beside(volume, id, place), segment, tag)) {
      return altered();
    }
    ++place.number;
  } while (!rest.empty());
  return {};
}

}  // namespace merlon::sealed
