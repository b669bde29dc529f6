#include "merlon/release/keyring.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/codec/hex.h"
#include "merlon/core/check.h"
#include "merlon/crypto/hkdf.h"
#include "merlon/crypto/hmac.h"
#include "merlon/crypto/random.h"

namespace merlon::release {

namespace {

std::string_view label_of(Keyring::Purpose purpose) noexcept {
  switch (purpose) {
    case Keyring::Purpose::ChallengeTag: return "challenge tag";
    case Keyring::Purpose::ChallengeSalt: return "challenge salt";
    case Keyring::Purpose::StoreState: return "store state";
    case Keyring::Purpose::StoreRow: break;
  }
  return "store row";
}

std::vector<std::uint8_t> beside(const Place& place) {
  base::ByteWriter out;
  out.text("merlon/release/place/v1");
  out.u8(static_cast<std::uint8_t>(place.kind));
  out.bytes(place.tenant.view());
  out.bytes(place.deposit.view());
  out.u64(place.version);
  return out.take();
}

}  // namespace

TenantId tenant_of(std::string_view issuer, std::string_view subject) noexcept {
  const auto by = crypto::sha256({core::as_bytes(issuer)});
  return TenantId::from(crypto::sha256({by.view(), core::as_bytes(subject)}).view()).value();
}

core::Result<DepositId> parse_deposit_id(std::string_view text) {
  const auto bytes = TRY(codec::decode_hex(text));
  return DepositId::from(bytes);
}

Keyring::Keyring(core::ByteView key) noexcept
    : root_(crypto::hkdf_extract(core::as_bytes("merlon/release/v1"), key)) {}

crypto::AesGcmKey Keyring::key_of(const TenantId& tenant) const {
  base::ByteWriter info;
  info.text("tenant");
  info.bytes(tenant.view());
  const auto secret = crypto::hkdf_expand(root_.reveal(), info.take(), crypto::AesGcmKey::size);
  return crypto::AesGcmKey(secret.reveal());
}

std::vector<std::uint8_t> Keyring::seal(const Place& place, core::ByteView plain) const {
  crypto::AesGcmKey::Nonce nonce{};
  MERLON_CHECK(crypto::fill_random(nonce));
  const auto sealed = key_of(place.tenant).seal(nonce, beside(place), plain);
  base::ByteWriter out;
  out.bytes(nonce);
  out.bytes(sealed.text);
  out.bytes(sealed.tag);
  return out.take();
}

std::optional<crypto::SecretBytes> Keyring::open(const Place& place, core::ByteView sealed) const {
  constexpr std::size_t least = crypto::gcm_nonce_size + crypto::gcm_tag_size;
  if (sealed.size() < least) return std::nullopt;
  crypto::AesGcmKey::Nonce nonce{};
  crypto::AesGcmKey::Tag tag{};
  std::ranges::copy(sealed.first(nonce.size()), nonce.begin());
  std::ranges::copy(sealed.last(tag.size()), tag.begin());
  auto plain =
      key_of(place.tenant)
          .open(nonce, beside(place), sealed.subspan(nonce.size(), sealed.size() - least), tag);
  if (!plain) return std::nullopt;
  return crypto::SecretBytes(*std::move(plain));
}

crypto::Sha256Digest Keyring::mac(Purpose purpose, core::ByteView message) const {
  const auto key = crypto::hkdf_expand(root_.reveal(), core::as_bytes(label_of(purpose)), key_size);
  return crypto::hmac_sha256(key.reveal(), message);
}

}  // namespace merlon::release
