#pragma once

// Object identifiers, kept as their DER content.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

#include "merlon/core/bytes.h"

namespace merlon::codec {

/// An object identifier that our own code names; made at compile time.
class Oid {
 public:
  consteval Oid(std::initializer_list<std::uint64_t> arcs) {
    const auto* arc = arcs.begin();
    append(arc[0] * 40 + arc[1]);
    for (arc += 2; arc != arcs.end(); ++arc) append(*arc);
  }

  [[nodiscard]] constexpr core::ByteView view() const noexcept {
    return core::ByteView(bytes_).first(size_);
  }
  /// Whether `content`, the content of a DER OBJECT IDENTIFIER, is this one.
  [[nodiscard]] bool is(core::ByteView content) const noexcept;

 private:
  consteval void append(std::uint64_t arc) {
    int groups = 1;
    for (std::uint64_t rest = arc >> 7U; rest != 0; rest >>= 7U) ++groups;
    for (int i = groups - 1; i >= 0; --i) {
      const auto bits = static_cast<std::uint8_t>(arc >> (7U * static_cast<unsigned>(i)) & 0x7FU);
      bytes_[size_++] = static_cast<std::uint8_t>(bits | (i > 0 ? 0x80U : 0U));
    }
  }

  std::array<std::uint8_t, 24> bytes_{};
  std::size_t size_ = 0;
};

/// "1.2.840.10045.2.1" of the content of a DER OBJECT IDENTIFIER; "?" where that is malformed.
[[nodiscard]] std::string oid_text(core::ByteView content);

}  // namespace merlon::codec
