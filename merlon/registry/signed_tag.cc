#include "merlon/registry/signed_tag.h"

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/registry/records.h"

namespace merlon::registry {

using base::concat;
using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view algorithm = "ES256";

core::Error malformed() { return core::error(ErrorCode::Malformed, "no signed tag"); }

crypto::Digest digest_of(std::string_view header, std::string_view payload) {
  const std::string text = concat(header, ".", payload);
  return crypto::Digest::of(crypto::HashKind::Sha256, core::as_bytes(text));
}

/// Whether a protected header is of this algorithm, for this tag. One that is critical and not
/// known here counts for nothing [RFC7515 §4.1.11].
bool is_for(std::string_view encoded, std::string_view name) {
  const auto bytes = codec::decode_base64url(encoded);
  if (!bytes) return false;
  const auto header = JsonDocument::parse(core::as_text(*bytes));
  if (!header || header->root().find("crit") != nullptr) return false;
  const auto alg = header->root().string_member("alg");
  const auto tag = header->root().string_member("tag");
  return alg && *alg == algorithm && tag && *tag == name;
}

/// Of an object with "protected" and "signature".
bool holds(const JsonValue& one, std::string_view payload, std::string_view name,
           const crypto::PublicKey& key) {
  const auto header = one.string_member("protected");
  const auto encoded = one.string_member("signature");
  if (!header || !encoded || !is_for(*header, name)) return false;
  const auto signature = codec::decode_base64url(*encoded);
  constexpr std::size_t size = 64;
  if (!signature || signature->size() != size) return false;
  const auto halves = crypto::EcdsaSignature::from_halves(*signature);
  return halves && key.verify_ecdsa(digest_of(*header, payload), *halves);
}

}  // namespace

std::string signed_name(const Slug& slug) {
  return concat(slug.user, "/", slug.repository, ":", slug.tag);
}

Result<std::string> sign_tag(std::string_view name, const Meta& root,
                             const crypto::PrivateKey& key) {
  if (key.kind() != crypto::KeyKind::P256) {
    return core::error(ErrorCode::Unsupported, "tags are signed by a key of P-256");
  }
  codec::JsonWriter header;
  header.open_object();
  header.key("alg");
  header.text(algorithm);
  header.key("tag");
  header.text(name);
  header.close_object();
  const std::string protected_part = codec::encode_base64url(core::as_bytes(header.result()));
  const std::string payload = codec::encode_base64url(core::as_bytes(to_json(root)));
  const auto signature = TRY(key.sign_ecdsa(digest_of(protected_part, payload)));
  return concat(R"({"payload":")", payload, R"(","signatures":[{"protected":")", protected_part,
                R"(","signature":")", codec::encode_base64url(signature), R"("}]})");
}

Result<Meta> verify_tag(std::string_view text, std::string_view name,
                        const crypto::PublicKey& key) {
  if (text.size() > max_record_size) return core::error(ErrorCode::Exhausted, "tag too large");
  const JsonDocument document = TRY(JsonDocument::parse(text));
  const JsonValue& root = document.root();
  if (root.kind() != JsonKind::Object) return malformed();
  const std::string_view payload = TRY(root.string_member("payload"));
  const JsonValue* const all = root.find("signatures");
  bool found = false;
  if (all == nullptr) {
    found = holds(root, payload, name, key);
  } else {
    if (all->kind() != JsonKind::Array || all->items().size() > max_signatures) return malformed();
    for (const JsonValue& each : all->items()) found = found || holds(each, payload, name, key);
  }
  if (!found) {
    return core::error(ErrorCode::Denied, "the tag has no signature of that key for this version");
  }
  const auto signed_entry = TRY(codec::decode_base64url(payload));
  return parse_meta(core::as_text(signed_entry));
}

}  // namespace merlon::registry
