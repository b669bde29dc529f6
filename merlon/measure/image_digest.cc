#include "merlon/measure/image_digest.h"

#include <algorithm>
#include <array>

namespace merlon::measure {

namespace {

constexpr std::array<std::uint8_t, image::page_size> zeros{};

std::array<std::uint8_t, sizeof(std::uint64_t)> little_endian(std::uint64_t value) noexcept {
  std::array<std::uint8_t, sizeof(value)> bytes{};
  for (std::uint8_t& each : bytes) {
    each = static_cast<std::uint8_t>(value);
    value >>= 8U;
  }
  return bytes;
}

}  // namespace

void ImageDigest::add_page(std::uint64_t address, core::ByteView bytes) noexcept {
  hash_.add(little_endian(address));
  hash_.add(little_endian(image::page_size));
  hash_.add(bytes);
  hash_.add(core::ByteView(zeros).subspan(bytes.size()));
  ++pages_;
}

core::Result<void> ImageDigest::put(image::PageKind kind, std::uint64_t address,
                                    core::ByteView bytes) {
  if (kind != image::PageKind::Normal) {
    return core::error(core::ErrorCode::Unsupported, "a kind of page that is not measured",
                       address);
  }
  if (address % image::page_size != 0) {
    return core::error(core::ErrorCode::Malformed, "a page that does not start at one", address);
  }
  while (!bytes.empty()) {
    const core::ByteView page = bytes.first(std::min<std::size_t>(bytes.size(), image::page_size));
    add_page(address, page);
    address += image::page_size;
    bytes = bytes.subspan(page.size());
  }
  return {};
}

KeepDigest ImageDigest::finish() && noexcept {
  return KeepDigest::from(std::move(hash_).finish().view()).value();
}

}  // namespace merlon::measure
