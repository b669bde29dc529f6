#include "merlon/snp/page_info.h"

#include <algorithm>

namespace merlon::snp {

std::array<std::uint8_t, PageInfo::size> PageInfo::bytes() const noexcept {
  std::array<std::uint8_t, size> out{};
  std::ranges::copy(before.view(), out.begin());
  std::ranges::copy(contents.view(), out.begin() + 48);
  out[96] = size;  // LENGTH, two bytes
  out[98] = static_cast<std::uint8_t>(type);
  for (std::size_t i = 0; i < 8; ++i) out[104 + i] = static_cast<std::uint8_t>(address >> (8 * i));
  return out;
}

}  // namespace merlon::snp
