#include "merlon/registry/content_digest.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/hash.h"

namespace merlon::registry {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::array<std::string_view, 4> names{"sha-224", "sha-256", "sha-384", "sha-512"};
constexpr std::array<std::size_t, 4> sizes{28, 32, 48, 64};
/// Longer than all four together.
constexpr std::size_t max_header = 512;

constexpr std::size_t index_of(DigestKind kind) noexcept { return static_cast<std::size_t>(kind); }

std::vector<std::uint8_t> digest_of(DigestKind kind, core::ByteView content) {
  const auto copied = [](const auto& digest) {
    return std::vector<std::uint8_t>(digest.view().begin(), digest.view().end());
  };
  switch (kind) {
    case DigestKind::Sha224: return copied(crypto::sha224({content}));
    case DigestKind::Sha256: return copied(crypto::sha256({content}));
    case DigestKind::Sha384: return copied(crypto::sha384({content}));
    case DigestKind::Sha512: return copied(crypto::sha512({content}));
  }
  return {};
}

core::Error malformed() { return core::error(ErrorCode::Malformed, "no digest of a content"); }

}  // namespace

std::string_view name_of(DigestKind kind) noexcept { return names[index_of(kind)]; }

std::optional<DigestKind> find_digest_kind(std::string_view name) noexcept {
  const auto same = [](char one, char other) {
    return (one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one) == other;
  };
  for (const DigestKind kind : digest_kinds) {
    if (std::ranges::equal(name, name_of(kind), same)) return kind;
  }
  return std::nullopt;
}

ContentDigest ContentDigest::of(core::ByteView content) {
  ContentDigest made;
  for (const DigestKind kind : digest_kinds) {
    made.digests_[index_of(kind)] = digest_of(kind, content);
  }
  return made;
}

Result<ContentDigest> ContentDigest::parse(std::string_view header) {
  if (header.empty() || header.size() > max_header) return malformed();
  ContentDigest made;
  for (;;) {
    const std::size_t comma = header.find(',');
    const std::string_view part = header.substr(0, comma);
    const std::size_t equals = part.find("=:");
    if (equals == std::string_view::npos || !part.ends_with(':') || part.size() < equals + 3) {
      return malformed();
    }
    const auto kind = find_digest_kind(part.substr(0, equals));
    if (!kind) return core::error(ErrorCode::Unsupported, "a digest by another hash");
    if (!made.get(*kind).empty()) return malformed();
    const auto digits = part.substr(equals + 2, part.size() - equals - 3);
    const auto digest = TRY(codec::decode_base64(digits));
    // A second spelling of the same digest would be one too many.
    if (codec::encode_base64(digest) != digits) return malformed();
    TRY(made.set(*kind, digest));
    if (comma == std::string_view::npos) return made;
    header.remove_prefix(comma + 1);
  }
}

core::ByteView ContentDigest::get(DigestKind kind) const noexcept {
  return digests_[index_of(kind)];
}

Result<void> ContentDigest::set(DigestKind kind, core::ByteView digest) {
  if (digest.size() != sizes[index_of(kind)]) return malformed();
  digests_[index_of(kind)].assign(digest.begin(), digest.end());
  return {};
}

bool ContentDigest::empty() const noexcept {
  return std::ranges::all_of(digests_, [](const auto& digest) { return digest.empty(); });
}

std::string ContentDigest::text() const {
  std::string text;
  for (const DigestKind kind : digest_kinds) {
    if (get(kind).empty()) continue;
    text += base::concat(text.empty() ? "" : ",", name_of(kind),
                         "=:", codec::encode_base64(get(kind)), ":");
  }
  return text;
}

bool ContentDigest::holds_for(core::ByteView content) const {
  return !empty() && std::ranges::all_of(digest_kinds, [&](DigestKind kind) {
    return get(kind).empty() || std::ranges::equal(digest_of(kind, content), get(kind));
  });
}

}  // namespace merlon::registry
