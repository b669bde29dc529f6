#include "merlon/registry/signed_tag.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/public_half.h"
#include "merlon/registry/records.h"

namespace merlon::registry {
namespace {

using base::concat;
using core::ErrorCode;

crypto::PublicKey public_of(const crypto::PrivateKey& key) {
  return *crypto::PublicKey::ec(crypto::KeyKind::P256, *key.point());
}

class SignedTag : public ::testing::Test {
 protected:
  [[nodiscard]] ErrorCode refused(std::string_view given, const Slug& wanted) const {
    const auto verified = verify_tag(given, wanted, public_of(key));
    return verified ? ErrorCode::Internal : verified.error().code;
  }

  crypto::PrivateKey key = *crypto::PrivateKey::generate(crypto::KeyKind::P256);
  const Slug slug{"host", "acme", "app", "1.0.0", ""};
  const Meta root = Meta::of(core::as_bytes("hello"), wasm_type);
  const std::string text = *sign_tag(slug, root, key);
};

TEST_F(SignedTag, IsReadAndHoldsForItsKeyAndTag) {
  EXPECT_EQ(*parse_tag(text, signed_tag_type), root);
  EXPECT_EQ(*verify_tag(text, slug, public_of(key)), root);
  // Where it lies is not its maker's to say.
  EXPECT_TRUE(verify_tag(text, {"another", "acme", "app", "1.0.0", ""}, public_of(key)));
}

TEST_F(SignedTag, OfAnotherKeyCountsForNothing) {
  const auto other = *crypto::PrivateKey::generate(crypto::KeyKind::P256);
  EXPECT_EQ(verify_tag(text, slug, public_of(other)).error().code, ErrorCode::Denied);
}

TEST_F(SignedTag, CannotBePutUnderAnotherName) {
  for (const Slug& other :
       {Slug{"host", "acme", "app", "1.0.1", ""}, Slug{"host", "acme", "other", "1.0.0", ""},
        Slug{"host", "eve", "app", "1.0.0", ""}}) {
    EXPECT_EQ(refused(text, other), ErrorCode::Denied);
  }
}

TEST_F(SignedTag, WhatStandsBesideTheSignatureIsNotSigned) {
  const Meta evil = Meta::of(core::as_bytes("evil"), wasm_type);
  const std::string entry = to_json(evil);
  const std::string both = concat(entry.substr(0, entry.size() - 1), ",", text.substr(1));
  ASSERT_EQ(*parse_tag(both, tag_type), evil);  // as an entry it says that
  EXPECT_EQ(*verify_tag(both, slug, public_of(key)), root);
}

TEST_F(SignedTag, AnyAlteredByteIsNoticed) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string altered = text;
    altered[i] = altered[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(refused(altered, slug), ErrorCode::Internal) << i;
  }
}

TEST_F(SignedTag, OneOfSeveralSignaturesIsEnough) {
  const auto other = *crypto::PrivateKey::generate(crypto::KeyKind::P256);
  const std::string theirs = *sign_tag(slug, root, other);
  const auto signature_in = [](const std::string& whole) {
    const std::size_t begin = whole.find('[') + 1;
    return whole.substr(begin, whole.rfind(']') - begin);
  };
  const std::string both = concat(text.substr(0, text.find('[') + 1), signature_in(theirs), ",",
                                  signature_in(text), "]}");
  EXPECT_TRUE(verify_tag(both, slug, public_of(key)));
  EXPECT_TRUE(verify_tag(both, slug, public_of(other)));
  // The flattened form.
  const std::string one = signature_in(text);
  EXPECT_TRUE(verify_tag(concat(text.substr(0, text.find(",\"signatures\"")), ",", one.substr(1)),
                         slug, public_of(key)));
}

TEST_F(SignedTag, HeadersThatSayOtherwiseCountForNothing) {
  const std::string payload = codec::encode_base64url(core::as_bytes(to_json(root)));
  for (const char* header :
       {R"({"alg":"none","tag":"acme/app:1.0.0"})", R"({"alg":"HS256","tag":"acme/app:1.0.0"})",
        R"({"alg":"ES256"})", R"({"alg":"ES256","tag":"acme/app:1.0.0","crit":["exp"]})", "{}",
        ""}) {
    const std::string part = codec::encode_base64url(core::as_bytes(header));
    const std::string signed_text = concat(part, ".", payload);
    const auto signature =
        *key.sign_ecdsa(crypto::Digest::of(crypto::HashKind::Sha256, core::as_bytes(signed_text)));
    const std::string whole =
        concat(R"({"payload":")", payload, R"(","protected":")", part, R"(","signature":")",
               codec::encode_base64url(signature), "\"}");
    EXPECT_EQ(refused(whole, slug), ErrorCode::Denied) << header;
  }
}

TEST_F(SignedTag, WhatIsNoneIsRefused) {
  EXPECT_EQ(refused(to_json(root), slug), ErrorCode::NotFound);  // no payload
  EXPECT_EQ(refused("[]", slug), ErrorCode::Malformed);
  EXPECT_EQ(refused(R"({"payload":"e30","signatures":{}})", slug), ErrorCode::Malformed);
  EXPECT_EQ(refused(R"({"payload":"e30","signatures":[]})", slug), ErrorCode::Denied);
  const auto large = crypto::PrivateKey::generate(crypto::KeyKind::P384);
  EXPECT_EQ(sign_tag(slug, root, *large).error().code, ErrorCode::Unsupported);
}

}  // namespace
}  // namespace merlon::registry
