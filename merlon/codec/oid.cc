#include "merlon/codec/oid.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::codec {

bool Oid::is(core::ByteView content) const noexcept { return std::ranges::equal(view(), content); }

std::string oid_text(core::ByteView content) {
  std::string text;
  std::uint64_t arc = 0;
  bool open = false;
  for (const std::uint8_t byte : content) {
    if (arc >> 56U != 0) return "?";
    arc = arc << 7U | (byte & 0x7FU);
    open = (byte & 0x80U) != 0;
    if (open) continue;
    if (text.empty()) {
      const std::uint64_t first = std::min<std::uint64_t>(arc / 40, 2);
      text = base::concat(first, ".", arc - first * 40);
    } else {
      text += base::concat(".", arc);
    }
    arc = 0;
  }
  return open || text.empty() ? "?" : text;
}

}  // namespace merlon::codec
