#pragma once

// Linux's calls on sockets, as calls of the sallyport.

#include <cstdint>

#include "merlon/shim/linux/abi.h"

namespace merlon::shim::linux::sockets {

using abi::SystemResult;

[[nodiscard]] SystemResult send(std::uint64_t fd, std::uint64_t message) noexcept;
/// With room for control data: also takes the descriptors that the message brings.
[[nodiscard]] SystemResult receive(std::uint64_t fd, std::uint64_t message,
                                   std::uint64_t flags) noexcept;
[[nodiscard]] SystemResult option(std::uint64_t fd, std::uint64_t level, std::uint64_t name,
                                  std::uint64_t value, std::uint64_t size) noexcept;

}  // namespace merlon::shim::linux::sockets
