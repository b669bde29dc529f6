#include "merlon/crypto/hpke.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "merlon/crypto/aes_gcm.h"
#include "merlon/crypto/hkdf.h"

namespace merlon::crypto {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes joined(std::initializer_list<ByteView> parts) {
  Bytes all;
  for (const ByteView part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// RFC9180 §7.1 to §7.3: kem_id, and kem_id, kdf_id, aead_id.
constexpr std::array<std::uint8_t, 5> kem_suite{'K', 'E', 'M', 0x00, 0x20};
constexpr std::array<std::uint8_t, 10> hpke_suite{'H',  'P',  'K',  'E',  0x00,
                                                  0x20, 0x00, 0x01, 0x00, 0x02};
constexpr std::uint8_t base_mode = 0;

/// LabeledExtract and LabeledExpand [RFC9180 §4].
class Labeled {
 public:
  explicit constexpr Labeled(ByteView suite) noexcept : suite_(suite) {}

  [[nodiscard]] SecretBytes extract(ByteView salt, std::string_view label, ByteView secret) const {
    const SecretBytes labeled(joined({version, suite_, core::as_bytes(label), secret}));
    return hkdf_extract(salt, labeled.reveal());
  }
  [[nodiscard]] SecretBytes expand(const SecretBytes& key, std::string_view label, ByteView info,
                                   std::size_t size) const {
    const std::array length{static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)};
    return hkdf_expand(key.reveal(), joined({length, version, suite_, core::as_bytes(label), info}),
                       size);
  }

 private:
  static constexpr std::array<std::uint8_t, 7> version{'H', 'P', 'K', 'E', '-', 'v', '1'};

  ByteView suite_;
};

constexpr Labeled in_kem{kem_suite};
constexpr Labeled in_hpke{hpke_suite};

/// ExtractAndExpand [RFC9180 §4.1].
SecretBytes shared_secret(const SecretBytes& agreed, const X25519PublicKey& encapsulated,
                          const X25519PublicKey& recipient) {
  const SecretBytes key = in_kem.extract({}, "eae_prk", agreed.reveal());
  return in_kem.expand(key, "shared_secret", joined({encapsulated.view(), recipient.view()}),
                       hkdf_secret_size);
}

struct Context {
  AesGcmKey key;
  AesGcmKey::Nonce nonce;  ///< of the message with number 0, which is the only one
  HpkeExporter exporter;
};

/// KeySchedule [RFC9180 §5.1] without a preshared key.
Context schedule(const SecretBytes& shared, ByteView info) {
  const SecretBytes no_key_id = in_hpke.extract({}, "psk_id_hash", {});
  const SecretBytes info_hash = in_hpke.extract({}, "info_hash", info);
  const Bytes context = joined({{&base_mode, 1}, no_key_id.reveal(), info_hash.reveal()});
  const SecretBytes secret = in_hpke.extract(shared.reveal(), "secret", {});
  AesGcmKey key(in_hpke.expand(secret, "key", context, AesGcmKey::size).reveal());
  AesGcmKey::Nonce nonce{};
  std::ranges::copy(in_hpke.expand(secret, "base_nonce", context, gcm_nonce_size).reveal(),
                    nonce.begin());
  return {std::move(key), nonce,
          HpkeExporter(in_hpke.expand(secret, "exp", context, hkdf_secret_size))};
}

}  // namespace

SecretBytes HpkeExporter::secret(ByteView context, std::size_t size) const noexcept {
  return in_hpke.expand(secret_, "sec", context, size);
}

Result<HpkeSealed> hpke_seal(const X25519PublicKey& recipient, ByteView info, ByteView beside,
                             ByteView plain) {
  const X25519Key ephemeral = TRY(X25519Key::generate());
  return hpke_seal_with(ephemeral, recipient, info, beside, plain);
}

Result<HpkeSealed> hpke_seal_with(const X25519Key& ephemeral, const X25519PublicKey& recipient,
                                  ByteView info, ByteView beside, ByteView plain) {
  const SecretBytes agreed = TRY(ephemeral.agree_with(recipient));
  Context context = schedule(shared_secret(agreed, ephemeral.public_key(), recipient), info);
  AesGcmKey::Sealed sealed = context.key.seal(context.nonce, beside, plain);
  sealed.text.insert(sealed.text.end(), sealed.tag.begin(), sealed.tag.end());
  return HpkeSealed{ephemeral.public_key(), std::move(sealed.text), std::move(context.exporter)};
}

Result<HpkeOpened> hpke_open(const X25519Key& own, const X25519PublicKey& encapsulated,
                             ByteView info, ByteView beside, Bytes&& text) {
  Bytes taken = std::move(text);
  if (taken.size() < gcm_tag_size) {
    return core::error(ErrorCode::Malformed, "a sealed message is too short", taken.size());
  }
  const SecretBytes agreed = TRY(own.agree_with(encapsulated));
  Context context = schedule(shared_secret(agreed, encapsulated, own.public_key()), info);
  AesGcmKey::Tag tag{};
  std::ranges::copy(ByteView(taken).last(gcm_tag_size), tag.begin());
  taken.resize(taken.size() - gcm_tag_size);
  if (!context.key.open_in_place(context.nonce, beside, taken, tag)) {
    return core::error(ErrorCode::Denied, "a message is not sealed to this key and purpose");
  }
  return HpkeOpened{SecretBytes(std::move(taken)), std::move(context.exporter)};
}

}  // namespace merlon::crypto
