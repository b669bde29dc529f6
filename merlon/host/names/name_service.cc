#include "merlon/host/names/name_service.h"

#include <array>
#include <memory>

#include <netdb.h>
#include <sys/socket.h>

#include "merlon/os/errno.h"

namespace merlon::host::names {

core::Result<std::vector<std::string>, std::string_view> addresses_of(const std::string& host) {
  ::addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ::addrinfo* list = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &list); error != 0) {
    return std::string_view(error == EAI_SYSTEM ? os::describe(os::last_errno())
                                                : ::gai_strerror(error));
  }
  const std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const ::addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(entry->ai_addr, entry->ai_addrlen, text.data(),
                      static_cast<::socklen_t>(text.size()), nullptr, 0, NI_NUMERICHOST) == 0) {
      addresses.emplace_back(text.data());
    }
  }
  if (addresses.empty()) return std::string_view("No address of a kind that can be used");
  return addresses;
}

}  // namespace merlon::host::names
