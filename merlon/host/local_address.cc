#include "merlon/host/local_address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include <arpa/inet.h>

#include "merlon/os/route.h"

namespace merlon::host {

namespace {

using V4 = std::array<std::uint8_t, 4>;
using V6 = std::array<std::uint8_t, 16>;

/// Where clouds answer their machines, beside link-local addresses: Azure, Alibaba, Oracle.
constexpr auto of_clouds =
    std::array{V4{168, 63, 129, 16}, V4{100, 100, 100, 200}, V4{192, 0, 0, 192}};

bool is_local(const V4& address) noexcept {
  return address[0] == 127 || address[0] == 0 || (address[0] == 169 && address[1] == 254) ||
         std::ranges::find(of_clouds, address) != of_clouds.end();
}

/// The networks of AWS (fd00:ec2::/32) and Google (fd20:ce::/32) for the same.
bool is_of_a_cloud(const V6& address) noexcept {
  constexpr auto aws = V4{0xfd, 0x00, 0x0e, 0xc2};
  constexpr auto google = V4{0xfd, 0x20, 0x00, 0xce};
  const V4 network{address[0], address[1], address[2], address[3]};
  return network == aws || network == google;
}

/// An IPv4 address behind the prefix by which networks of IPv6 reach them [RFC6052 §2.1].
bool is_translated(const V6& address) noexcept {
  constexpr auto prefix = std::array<std::uint8_t, 12>{0x00, 0x64, 0xff, 0x9b};
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

bool is_local(const V6& address) noexcept {
  const bool front_zeros = std::all_of(address.begin(), address.begin() + 10,
                                       [](std::uint8_t byte) { return byte == 0; });
  const bool mapped = front_zeros && address[10] == 0xff && address[11] == 0xff;
  const bool compatible =
      front_zeros && address[10] == 0 && address[11] == 0;  // ::, ::1 among them
  if (mapped || compatible || is_translated(address)) {
    return is_local(V4{address[12], address[13], address[14], address[15]});
  }
  if (is_of_a_cloud(address)) return true;
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

bool leads_to_this_machine(std::string_view address) noexcept {
  return is_local_address(address) || os::is_delivered_here(address).value_or(true);
}

}  // namespace merlon::host
