#pragma once

// For tests: ELF files made field by field, right or wrong.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "merlon/image/elf.h"

namespace merlon::image::testing {

/// A file with a header and one program header for each segment given.
class ElfFile {
 public:
  ElfFile() : bytes_(64) {
    constexpr std::uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::memcpy(bytes_.data(), identity, sizeof(identity));
    put<std::uint16_t>(16, 3);
    put<std::uint16_t>(18, 62);
    put<std::uint64_t>(24, 0x1010);
    put<std::uint64_t>(32, 64);
    put<std::uint16_t>(54, 56);
  }
  ElfFile& segment(std::uint32_t type, std::uint32_t flags, std::uint64_t offset,
                   std::uint64_t address, std::uint64_t file_size, std::uint64_t memory_size) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + 56);
    put(at, type);
    put(at + 4, flags);
    put(at + 8, offset);
    put(at + 16, address);
    put(at + 32, file_size);
    put(at + 40, memory_size);
    put<std::uint16_t>(56, ++count_);
    return *this;
  }
  template <typename T>
  ElfFile& put(std::size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof(value));
    return *this;
  }
  /// Writes over what is there, or behind it; after the last segment().
  ElfFile& content(std::size_t at, core::ByteView content) {
    bytes_.resize(std::max(bytes_.size(), at + content.size()));
    std::copy(content.begin(), content.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    return *this;
  }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  [[nodiscard]] core::Result<Program> parse() const { return parse_elf(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint16_t count_ = 0;
};

}  // namespace merlon::image::testing
