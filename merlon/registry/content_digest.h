#pragma once

// Digests of one content by several hashes, and the header that tells them: `sha-256=:…:`, parts
// with "," between them [ENARX drawbridge 0.4 crates/type/src/digest]. Pure.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::registry {

enum class DigestKind : std::uint8_t { Sha224, Sha256, Sha384, Sha512 };
inline constexpr auto digest_kinds =
    std::array{DigestKind::Sha224, DigestKind::Sha256, DigestKind::Sha384, DigestKind::Sha512};
/// "sha-256".
[[nodiscard]] std::string_view name_of(DigestKind kind) noexcept;
[[nodiscard]] std::optional<DigestKind> find_digest_kind(std::string_view name) noexcept;

class ContentDigest {
 public:
  /// By all four hashes, as Enarx' client sends them.
  [[nodiscard]] static ContentDigest of(core::ByteView content);
  /// The header's value. Enarx does not allow spaces; hash names may be in any case. Malformed: no
  /// header of that kind, none of them, one hash twice · Unsupported: another hash.
  [[nodiscard]] static core::Result<ContentDigest> parse(std::string_view header);

  /// Empty if it is not known. `digest` has the hash's own size: Malformed otherwise.
  [[nodiscard]] core::ByteView get(DigestKind kind) const noexcept;
  [[nodiscard]] core::Result<void> set(DigestKind kind, core::ByteView digest);
  [[nodiscard]] bool empty() const noexcept;

  /// In ascending order, without spaces.
  [[nodiscard]] std::string text() const;
  /// Whether `content` has each of these; false if there is none.
  [[nodiscard]] bool holds_for(core::ByteView content) const;

  bool operator==(const ContentDigest&) const = default;

 private:
  std::array<std::vector<std::uint8_t>, digest_kinds.size()> digests_;  ///< by kind
};

}  // namespace merlon::registry
