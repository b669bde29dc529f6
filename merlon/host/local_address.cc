#include "merlon/host/local_address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include <arpa/inet.h>

namespace merlon::host {

namespace {

using V4 = std::array<std::uint8_t, 4>;
using V6 = std::array<std::uint8_t, 16>;

bool is_local(const V4& address) noexcept {
  return address[0] == 127 || address[0] == 0 || (address[0] == 169 && address[1] == 254);
}

bool is_local(const V6& address) noexcept {
  const bool front_zeros = std::all_of(address.begin(), address.begin() + 10,
                                       [](std::uint8_t byte) { return byte == 0; });
  const bool mapped = front_zeros && address[10] == 0xff && address[11] == 0xff;
  const bool compatible =
      front_zeros && address[10] == 0 && address[11] == 0;  // ::, ::1 among them
  if (mapped || compatible) return is_local(V4{address[12], address[13], address[14], address[15]});
  return address[0] == 0xfe && (address[1] & 0xc0U) == 0x80;
}

}  // namespace

bool is_local_address(std::string_view address) noexcept {
  const std::string text(address);
  V4 v4{};
  if (::inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return is_local(v4);
  V6 v6{};
  if (::inet_pton(AF_INET6, text.c_str(), v6.data()) == 1) return is_local(v6);
  return true;
}

}  // namespace merlon::host
