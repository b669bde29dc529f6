#include "merlon/http/listen_address.h"

#include "merlon/base/text.h"

namespace merlon::http {

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view address = text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  } else if (address.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  constexpr std::uint64_t last_port = 65535;
  const auto port = base::parse_decimal(text.substr(colon + 1));
  if (address.empty() || !port || *port > last_port) return std::nullopt;
  return ListenAddress{std::string(address), static_cast<std::uint16_t>(*port)};
}

std::string to_string(const ListenAddress& address) {
  const bool colons = address.address.find(':') != std::string::npos;
  return base::concat(colons ? "[" : "", address.address, colons ? "]" : "", ":", address.port);
}

}  // namespace merlon::http
