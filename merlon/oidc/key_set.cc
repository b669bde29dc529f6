#include "merlon/oidc/key_set.h"

#include <algorithm>

#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"

namespace merlon::oidc {

using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

/// A text member that may be left out; nothing also if it is no text.
std::optional<std::string_view> text_of(const JsonValue& object, std::string_view name) {
  const auto text = object.string_member(name);
  if (!text) return std::nullopt;
  return *text;
}

Result<std::vector<std::uint8_t>> bytes_of(const JsonValue& object, std::string_view name) {
  return codec::decode_base64url(TRY(object.string_member(name)));
}

/// Whether its owner means it for signatures [RFC7517 §4.2, §4.3].
bool is_for_signatures(const JsonValue& key) {
  if (key.find("use") != nullptr && text_of(key, "use") != "sig") return false;
  const JsonValue* const operations = key.find("key_ops");
  if (operations == nullptr) return true;
  return std::ranges::any_of(operations->items(),
                             [](const JsonValue& each) { return each.text() == "verify"; });
}

/// Numbers of a secret half [RFC7518 §6.2.2, §6.3.2, §6.4.1]: whoever reads the set could sign.
bool is_published_secret(const JsonValue& key) {
  return std::ranges::any_of(std::array<std::string_view, 3>{"d", "p", "k"},
                             [&](std::string_view name) { return key.find(name) != nullptr; });
}

std::optional<SigningKey> rsa_key(const JsonValue& value, std::optional<std::string> id) {
  const auto modulus = bytes_of(value, "n");
  const auto exponent = bytes_of(value, "e");
  if (!modulus || !exponent) return std::nullopt;
  auto key = crypto::PublicKey::rsa(*modulus, *exponent);
  if (!key) return std::nullopt;
  return SigningKey(std::move(id), Algorithm::Rs256, *std::move(key));
}

std::optional<SigningKey> ec_key(const JsonValue& value, std::optional<std::string> id) {
  if (text_of(value, "crv") != "P-256") return std::nullopt;
  const auto x = bytes_of(value, "x");
  const auto y = bytes_of(value, "y");
  constexpr std::size_t coordinate = 32;
  if (!x || !y || x->size() != coordinate || y->size() != coordinate) return std::nullopt;
  std::vector<std::uint8_t> point = *x;
  point.insert(point.end(), y->begin(), y->end());
  auto key = crypto::PublicKey::ec(crypto::KeyKind::P256, point);
  if (!key) return std::nullopt;
  return SigningKey(std::move(id), Algorithm::Es256, *std::move(key));
}

std::optional<SigningKey> octet_key(const JsonValue& value, std::optional<std::string> id) {
  if (text_of(value, "crv") != "Ed25519") return std::nullopt;
  const auto x = bytes_of(value, "x");
  if (!x) return std::nullopt;
  const auto key = crypto::Ed25519PublicKey::from(*x);
  if (!key) return std::nullopt;
  return SigningKey(std::move(id), Algorithm::EdDsa, *key);
}

std::optional<SigningKey> key_of(const JsonValue& value) {
  if (value.kind() != JsonKind::Object) return std::nullopt;
  if (!is_for_signatures(value) || is_published_secret(value)) return std::nullopt;
  std::optional<std::string> id;
  if (value.find("kid") != nullptr) {
    const auto text = text_of(value, "kid");
    if (!text) return std::nullopt;
    id = std::string(*text);
  }
  const auto type = text_of(value, "kty");
  std::optional<SigningKey> key;
  if (type == "RSA") key = rsa_key(value, std::move(id));
  if (type == "EC") key = ec_key(value, std::move(id));
  if (type == "OKP") key = octet_key(value, std::move(id));
  if (!key || value.find("alg") == nullptr) return key;
  const auto meant = text_of(value, "alg");
  if (!meant || find_algorithm(*meant) != key->algorithm()) return std::nullopt;
  return key;
}

}  // namespace

std::optional<Algorithm> find_algorithm(std::string_view name) noexcept {
  if (name == "RS256") return Algorithm::Rs256;
  if (name == "ES256") return Algorithm::Es256;
  if (name == "EdDSA") return Algorithm::EdDsa;
  return std::nullopt;
}

bool SigningKey::verify(core::ByteView signed_text, core::ByteView signature) const noexcept {
  if (const auto* const key = std::get_if<crypto::Ed25519PublicKey>(&key_)) {
    return crypto::verify_ed25519(*key, signed_text, signature);
  }
  const auto* const key = std::get_if<crypto::PublicKey>(&key_);
  if (key == nullptr) return false;
  const auto digest = crypto::Digest::of(crypto::HashKind::Sha256, signed_text);
  switch (algorithm_) {
    case Algorithm::Rs256: return key->verify_rsa_pkcs1(digest, signature);
    case Algorithm::Es256: {
      constexpr std::size_t size = 64;  // [RFC7518 §3.4]
      const auto halves = crypto::EcdsaSignature::from_halves(signature);
      return signature.size() == size && halves && key->verify_ecdsa(digest, *halves);
    }
    case Algorithm::EdDsa: break;
  }
  return false;
}

Result<KeySet> KeySet::parse(std::string_view json) {
  if (json.size() > max_size) {
    return core::error(ErrorCode::Exhausted, "a key set is too large", json.size());
  }
  const auto document = TRY(codec::JsonDocument::parse(json));
  const JsonValue* const keys = TRY(document.root().member("keys", JsonKind::Array));
  if (keys->items().size() > max_keys) {
    return core::error(ErrorCode::Exhausted, "too many keys in a set", keys->items().size());
  }
  KeySet set;
  for (const JsonValue& each : keys->items()) {
    if (auto key = key_of(each)) set.keys_.push_back(*std::move(key));
  }
  return set;
}

const SigningKey* KeySet::find(const std::optional<std::string>& id,
                               Algorithm algorithm) const noexcept {
  const SigningKey* found = nullptr;
  for (const SigningKey& each : keys_) {
    if (each.algorithm() != algorithm || (id && each.id() != id)) continue;
    if (found != nullptr) return nullptr;
    found = &each;
  }
  return found;
}

}  // namespace merlon::oidc
