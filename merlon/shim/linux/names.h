#pragma once

// Linux's calls on names in a directory, as calls of the sallyport. There is no working directory:
// every name is beneath a directory that the keep holds.

#include <cstdint>

#include "merlon/shim/linux/abi.h"

namespace merlon::shim::linux::names {

using abi::SystemResult;

[[nodiscard]] SystemResult open(std::uint64_t directory, std::uint64_t path, std::uint64_t flags,
                                std::uint64_t mode) noexcept;
/// openat2; `how` is in the keep's memory.
[[nodiscard]] SystemResult open_how(std::uint64_t directory, std::uint64_t path, std::uint64_t how,
                                    std::uint64_t size) noexcept;
[[nodiscard]] SystemResult status(std::uint64_t directory, std::uint64_t path,
                                  std::uint64_t address, std::uint64_t flags) noexcept;
/// utimensat; without a path the descriptor itself.
[[nodiscard]] SystemResult set_times(std::uint64_t directory, std::uint64_t path,
                                     std::uint64_t times, std::uint64_t flags) noexcept;
[[nodiscard]] SystemResult make_directory(std::uint64_t directory, std::uint64_t path,
                                          std::uint64_t mode) noexcept;
[[nodiscard]] SystemResult remove(std::uint64_t directory, std::uint64_t path,
                                  std::uint64_t flags) noexcept;
[[nodiscard]] SystemResult rename(std::uint64_t from_directory, std::uint64_t from,
                                  std::uint64_t to_directory, std::uint64_t to) noexcept;
[[nodiscard]] SystemResult link(std::uint64_t from_directory, std::uint64_t from,
                                std::uint64_t to_directory, std::uint64_t to) noexcept;
[[nodiscard]] SystemResult symlink(std::uint64_t target, std::uint64_t directory,
                                   std::uint64_t path) noexcept;
[[nodiscard]] SystemResult read_link(std::uint64_t directory, std::uint64_t path,
                                     std::uint64_t address, std::uint64_t size) noexcept;

}  // namespace merlon::shim::linux::names
