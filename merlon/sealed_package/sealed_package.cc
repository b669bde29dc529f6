#include "merlon/sealed_package/sealed_package.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "merlon/core/reader.h"
#include "merlon/crypto/aes_gcm.h"
#include "merlon/crypto/hash.h"
#include "merlon/crypto/hkdf.h"
#include "merlon/crypto/random.h"

namespace merlon::sealed_package {

using core::ErrorCode;
using core::Result;
using crypto::AesGcmKey;

namespace {

constexpr std::string_view magic = "MRLNSEAL";
constexpr std::uint32_t version = 1;
constexpr std::size_t salt_at = 16;
constexpr std::size_t check_at = 48;
constexpr std::size_t size_size = 8;
constexpr std::size_t least_padded = 4096;

core::Error malformed() { return core::error(ErrorCode::Malformed, "no sealed package"); }

/// What comes of a content key for one salt.
struct Keys {
  AesGcmKey segments;
  crypto::SecretBytes prefix;
  crypto::SecretBytes check;

  Keys(const ContentKey& key, core::ByteView salt)
      : Keys(crypto::hkdf_extract(salt, key.reveal())) {}

 private:
  explicit Keys(const crypto::SecretBytes& secret)
      : segments(part(secret, "key", AesGcmKey::size).reveal()),
        prefix(part(secret, "prefix", 7)),
        check(part(secret, "check", 32)) {}

  static crypto::SecretBytes part(const crypto::SecretBytes& secret, std::string_view name,
                                  std::size_t size) {
    std::string label = "merlon/sealed-package/1/";
    label += name;
    return crypto::hkdf_expand(secret.reveal(), core::as_bytes(label), size);
  }
};

AesGcmKey::Nonce nonce_of(const Keys& keys, std::uint32_t number, bool is_last) noexcept {
  AesGcmKey::Nonce nonce{};
  const core::ByteView prefix = keys.prefix.reveal();
  std::ranges::copy(prefix, nonce.begin());
  for (std::size_t i = 0; i < 4; ++i) {
    nonce[prefix.size() + i] = static_cast<std::uint8_t>(number >> (24U - 8U * i));
  }
  nonce.back() = is_last ? 1 : 0;
  return nonce;
}

void append(std::vector<std::uint8_t>& to, core::ByteView bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

template <typename Integer>
void put(std::vector<std::uint8_t>& to, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    to.push_back(static_cast<std::uint8_t>(value >> (8U * i)));
  }
}

}  // namespace

ContentKey ContentKey::make() {
  std::vector<std::uint8_t> bytes(size);
  MERLON_CHECK(crypto::fill_random(bytes));
  return ContentKey(crypto::SecretBytes(std::move(bytes)));
}

Result<ContentKey> ContentKey::from(core::ByteView bytes) {
  if (bytes.size() != size) return core::error(ErrorCode::Malformed, "no content key");
  return ContentKey(crypto::SecretBytes(std::vector<std::uint8_t>(bytes.begin(), bytes.end())));
}

Salt salt_of(core::ByteView package, const ContentKey& key) {
  std::vector<std::uint8_t> text;
  append(text, core::as_bytes("merlon/sealed-package/1/salt"));
  append(text, crypto::sha256({package}).view());
  const crypto::SecretBytes made = crypto::hkdf_extract(key.reveal(), text);
  Salt salt{};
  std::ranges::copy(made.reveal(), salt.begin());
  return salt;
}

std::uint64_t padded_size(std::uint64_t size) noexcept {
  const std::uint64_t whole = std::max<std::uint64_t>(size + size_size, least_padded);
  // As many of the lowest bits are zero as leave log2(log2(size)) + 1 of the highest ones.
  const auto exponent = static_cast<unsigned>(std::bit_width(whole)) - 1;
  const auto kept = static_cast<unsigned>(std::bit_width(exponent));
  const std::uint64_t mask = (std::uint64_t{1} << (exponent - kept)) - 1;
  return (whole + mask) & ~mask;
}

Result<std::vector<std::uint8_t>> seal(core::ByteView package, const ContentKey& key,
                                       const Salt& salt) {
  if (package.size() > max_package_size) {
    return core::error(ErrorCode::Exhausted, "a package that is too large to be sealed");
  }
  const Keys keys(key, salt);
  std::vector<std::uint8_t> sealed;
  const auto padded = static_cast<std::size_t>(padded_size(package.size()));
  sealed.reserve(header_size + padded + (padded / segment_size + 1) * crypto::gcm_tag_size);
  append(sealed, core::as_bytes(magic));
  put(sealed, version);
  put(sealed, std::uint32_t{0});
  append(sealed, salt);
  append(sealed, keys.check.reveal());
  const std::vector<std::uint8_t> header = sealed;
  std::vector<std::uint8_t> segment;
  put(segment, std::uint64_t{package.size()});
  for (std::uint32_t number = 0;; ++number) {
    const std::size_t at = std::size_t{number} * segment_size;
    const std::size_t wanted = std::min(segment_size, padded - at);
    const std::size_t take = std::min(wanted - segment.size(), package.size());
    append(segment, package.first(take));
    package = package.subspan(take);
    segment.resize(wanted);
    const bool is_last = at + wanted == padded;
    const auto done = keys.segments.seal(nonce_of(keys, number, is_last), header, segment);
    append(sealed, done.text);
    append(sealed, done.tag);
    crypto::wipe(segment);
    segment.clear();
    if (is_last) return sealed;
  }
}

bool is_sealed(core::ByteView bytes) noexcept {
  return bytes.size() >= header_size && core::as_text(bytes.first(magic.size())) == magic;
}

namespace {

/// All segments' plain text, one behind the other.
Result<std::vector<std::uint8_t>> open_segments(core::ByteView header, core::ByteView sealed,
                                                const Keys& keys) {
  constexpr std::size_t whole = segment_size + crypto::gcm_tag_size;
  std::vector<std::uint8_t> plain;
  plain.reserve(sealed.size());
  for (std::uint32_t number = 0; !sealed.empty(); ++number) {
    const core::ByteView one = sealed.first(std::min(whole, sealed.size()));
    sealed = sealed.subspan(one.size());
    if (one.size() <= crypto::gcm_tag_size) return malformed();
    const std::size_t size = one.size() - crypto::gcm_tag_size;
    AesGcmKey::Tag tag{};
    std::ranges::copy(one.subspan(size), tag.begin());
    auto opened =
        keys.segments.open(nonce_of(keys, number, sealed.empty()), header, one.first(size), tag);
    if (!opened) {
      crypto::wipe(plain);
      return core::error(ErrorCode::Denied, "the package is not as it was sealed", number);
    }
    append(plain, *opened);
    crypto::wipe(*opened);
  }
  return plain;
}

}  // namespace

Result<std::vector<std::uint8_t>> open(core::ByteView sealed, const ContentKey& key) {
  if (!is_sealed(sealed)) return malformed();
  core::Reader reader(sealed.subspan(magic.size()));
  if (TRY(reader.u32()) != version || TRY(reader.u32()) != 0) {
    return core::error(ErrorCode::Unsupported, "a sealed package of another version");
  }
  constexpr std::size_t most = max_package_size + max_package_size / 8 + (std::size_t{1} << 20U);
  if (sealed.size() > most) return core::error(ErrorCode::Exhausted, "too large a package");
  const core::ByteView header = sealed.first(header_size);
  const Keys keys(key, header.subspan(salt_at, check_at - salt_at));
  // Neither says anything of the key itself.
  if (!std::ranges::equal(keys.check.reveal(), header.subspan(check_at))) {
    return core::error(ErrorCode::Denied, "the package is sealed by another key");
  }
  std::vector<std::uint8_t> plain = TRY(open_segments(header, sealed.subspan(header_size), keys));
  core::Reader text(plain);
  const std::uint64_t size = TRY(text.u64());
  if (size > plain.size() - size_size || padded_size(size) != plain.size()) return malformed();
  std::vector<std::uint8_t> package(plain.begin() + size_size,
                                    plain.begin() + size_size + static_cast<std::ptrdiff_t>(size));
  crypto::wipe(plain);
  return package;
}

}  // namespace merlon::sealed_package
