#pragma once

// Linux's calls on descriptors, as calls of the sallyport.

#include <cstdint>

#include "merlon/shim/linux/abi.h"

namespace merlon::shim::linux::files {

using abi::SystemResult;

/// Whether the keep holds `fd`; the host is never asked about another.
[[nodiscard]] bool holds(std::uint64_t fd) noexcept;

/// A position in a file, or the file's own.
struct Position {
  bool given = false;
  std::uint64_t offset = 0;
};

[[nodiscard]] SystemResult read(std::uint64_t fd, std::uint64_t address, std::uint64_t size,
                                Position position) noexcept;
[[nodiscard]] SystemResult write(std::uint64_t fd, std::uint64_t address, std::uint64_t size,
                                 Position position) noexcept;
[[nodiscard]] SystemResult read_vectors(std::uint64_t fd, std::uint64_t vectors,
                                        std::uint64_t count, Position position) noexcept;
[[nodiscard]] SystemResult write_vectors(std::uint64_t fd, std::uint64_t vectors,
                                         std::uint64_t count, Position position) noexcept;
[[nodiscard]] SystemResult close(std::uint64_t fd) noexcept;
[[nodiscard]] SystemResult control(std::uint64_t fd, std::uint64_t command,
                                   std::uint64_t argument) noexcept;
[[nodiscard]] SystemResult device_control(std::uint64_t fd, std::uint64_t request,
                                          std::uint64_t argument) noexcept;
[[nodiscard]] SystemResult status(std::uint64_t fd, std::uint64_t address) noexcept;
[[nodiscard]] SystemResult read_directory(std::uint64_t fd, std::uint64_t address,
                                          std::uint64_t size) noexcept;
[[nodiscard]] SystemResult poll(std::uint64_t items, std::uint64_t count,
                                std::uint64_t timeout) noexcept;

}  // namespace merlon::shim::linux::files
