#include "merlon/registry/content_hasher.h"

#include <algorithm>
#include <utility>

#include "merlon/core/check.h"

namespace merlon::registry {

ContentHasher::ContentHasher(const ContentDigest& wanted) {
  if (!wanted.get(DigestKind::Sha224).empty()) sha224_.emplace();
  if (!wanted.get(DigestKind::Sha384).empty()) sha384_.emplace();
  if (!wanted.get(DigestKind::Sha512).empty()) sha512_.emplace();
}

void ContentHasher::add(core::ByteView bytes) noexcept {
  if (sha224_) sha224_->add(bytes);
  sha256_.add(bytes);
  if (sha384_) sha384_->add(bytes);
  if (sha512_) sha512_->add(bytes);
}

ContentDigest ContentHasher::finish() && {
  ContentDigest made;
  const auto put = [&made](DigestKind kind, const auto& digest) {
    MERLON_CHECK(made.set(kind, digest.view()).has_value());
  };
  if (sha224_) put(DigestKind::Sha224, (*std::move(sha224_)).finish());
  put(DigestKind::Sha256, std::move(sha256_).finish());
  if (sha384_) put(DigestKind::Sha384, (*std::move(sha384_)).finish());
  if (sha512_) put(DigestKind::Sha512, (*std::move(sha512_)).finish());
  return made;
}

bool agrees(const ContentDigest& wanted, const ContentDigest& found) noexcept {
  return !wanted.empty() && std::ranges::all_of(digest_kinds, [&](DigestKind kind) {
    return wanted.get(kind).empty() || std::ranges::equal(wanted.get(kind), found.get(kind));
  });
}

}  // namespace merlon::registry
