#pragma once

// Anonymous memory with its protection: reserve address space first, give it memory later.

#include <cstddef>
#include <cstdint>

#include "merlon/core/result.h"

namespace merlon::os {

enum class Protection : std::uint8_t { None, ReadWrite, ReadExecute };

/// Owns a range of private anonymous pages. Never both writable and executable.
class Mapping {
 public:
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  /// `bytes` of address space, rounded up to pages, that cost no memory and may not be touched.
  /// Errors: Exhausted if there is no such range.
  [[nodiscard]] static core::Result<Mapping> reserve(std::size_t bytes);

  [[nodiscard]] std::uint8_t* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Changes the protection of whole pages; `offset` and `bytes` are rounded outwards. Pages made
  /// accessible for the first time read as zeros. Errors: Exhausted · Denied.
  [[nodiscard]] core::Result<void> protect(std::size_t offset, std::size_t bytes,
                                           Protection protection);

  /// Asks for large pages wherever the whole of one is accessible when it is first touched: fewer
  /// faults and fewer misses of the processor's table of translations, for up to 2 MiB taken where
  /// a byte is touched. A wish: what the system makes of it changes nothing but speed.
  void prefer_large_pages() noexcept;

 private:
  Mapping(std::uint8_t* data, std::size_t size) noexcept : data_(data), size_(size) {}

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

inline constexpr std::size_t host_page_size = 4096;
inline constexpr std::size_t large_page_size = std::size_t{1} << 21U;

}  // namespace merlon::os
