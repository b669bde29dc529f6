#include "merlon/oidc/testing/issuer.h"

#include "merlon/codec/base64.h"

namespace merlon::oidc::testing {

using base::concat;

std::string base64url(core::ByteView bytes) {
  std::string text = codec::encode_base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& each : text) each = each == '+' ? '-' : each == '/' ? '_' : each;
  return text;
}

TokenIssuer::TokenIssuer(std::string key_id)
    : key_id_(std::move(key_id)),
      key_(crypto::PrivateKey::generate(crypto::KeyKind::P256).value()) {}

std::string TokenIssuer::sign(std::string_view header, std::string_view claims) const {
  const std::string text =
      concat(base64url(core::as_bytes(header)), ".", base64url(core::as_bytes(claims)));
  const auto digest = crypto::Digest::of(crypto::HashKind::Sha256, core::as_bytes(text));
  return concat(text, ".", base64url(key_.sign_ecdsa(digest).value()));
}

std::string TokenIssuer::sign(std::string_view claims) const {
  return sign(concat(R"({"alg":"ES256","typ":"JWT","kid":")", key_id_, "\"}"), claims);
}

std::string TokenIssuer::key_set() const {
  const auto point = key_.point().value();
  const core::ByteView both = point;
  return concat(R"({"keys":[{"kty":"EC","crv":"P-256","kid":")", key_id_, R"(","x":")",
                base64url(both.first(32)), R"(","y":")", base64url(both.subspan(32)), "\"}]}");
}

}  // namespace merlon::oidc::testing
