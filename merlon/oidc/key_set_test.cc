#include "merlon/oidc/key_set.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"

namespace merlon::oidc {
namespace {

using base::concat;

// [RFC7515 §A.2, §A.3], [RFC8037 §A.2]
const std::string rsa =
    R"("kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB")";
const std::string ec =
    R"("kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0")";
const std::string octets =
    R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";

const std::string payload =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

std::string set_of(std::initializer_list<std::string> keys) {
  std::string text = R"({"keys":[)";
  for (const std::string& each : keys)
    text += concat(text.ends_with('[') ? "" : ",", "{", each, "}");
  return text + "]}";
}

std::size_t count(std::initializer_list<std::string> keys) {
  const auto set = KeySet::parse(set_of(keys));
  return set ? set->keys().size() : 999;
}

bool holds(const std::string& key, Algorithm algorithm, const std::string& signed_text,
           std::string_view signature) {
  const auto set = KeySet::parse(set_of({key}));
  if (!set) return false;
  const SigningKey* const found = set->find(std::nullopt, algorithm);
  return found != nullptr &&
         found->verify(core::as_bytes(signed_text), codec::decode_base64url(signature).value());
}

TEST(SigningKeys, JudgeAsTheStandardsExamplesDo) {
  EXPECT_TRUE(holds(
      rsa, Algorithm::Rs256, concat("eyJhbGciOiJSUzI1NiJ9.", payload),
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
      "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
      "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
      "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"));
  EXPECT_TRUE(holds(ec, Algorithm::Es256, concat("eyJhbGciOiJFUzI1NiJ9.", payload),
                    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3"
                    "-Kg6NU1Q"));
  EXPECT_TRUE(holds(octets, Algorithm::EdDsa,
                    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr"
                    "_MuM0KAg"));
}

TEST(SigningKeys, HoldForNothingElse) {
  EXPECT_FALSE(holds(ec, Algorithm::Es256, concat("eyJhbGciOiJFUzI1NiJ9.", payload, "A"),
                     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP"
                     "3-Kg6NU1Q"));
  for (const auto& [key, algorithm] :
       {std::pair(rsa, Algorithm::Rs256), std::pair(ec, Algorithm::Es256),
        std::pair(octets, Algorithm::EdDsa)}) {
    EXPECT_FALSE(holds(key, algorithm, "a.b", ""));
    EXPECT_FALSE(holds(key, algorithm, "a.b", std::string(86, 'A')));
  }
}

TEST(KeySets, PassOverWhatIsForSomethingElse) {
  EXPECT_EQ(count({rsa, ec, octets}), 3U);
  EXPECT_EQ(count({ec + R"(,"use":"sig","alg":"ES256","key_ops":["verify"])"}), 1U);
  EXPECT_EQ(count({ec + R"(,"use":"enc")"}), 0U);
  EXPECT_EQ(count({ec + R"(,"use":7)"}), 0U);
  EXPECT_EQ(count({ec + R"(,"key_ops":["sign"])"}), 0U);
  EXPECT_EQ(count({ec + R"(,"alg":"RS256")"}), 0U);
  EXPECT_EQ(count({ec + R"(,"alg":"HS256")"}), 0U);
  EXPECT_EQ(count({ec + R"(,"alg":1)"}), 0U);
  EXPECT_EQ(count({ec + R"(,"kid":1)"}), 0U);
  EXPECT_EQ(count({rsa + R"(,"alg":"PS256")"}), 0U);
  EXPECT_EQ(count({R"("kty":"oct","k":"c2VjcmV0")", R"("kty":"XX")", ""}), 0U);
}

TEST(KeySets, PassOverKeysWhoseSecretStandsThere) {
  EXPECT_EQ(count({ec + R"(,"d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI")", octets}), 1U);
  EXPECT_EQ(count({octets + R"(,"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")"}), 0U);
  EXPECT_EQ(count({rsa + R"(,"p":"AQAB")"}), 0U);
}

TEST(KeySets, PassOverBrokenAndWeakKeys) {
  EXPECT_EQ(count({R"("kty":"EC","crv":"P-384","x":"AA","y":"AA")"}), 0U);
  EXPECT_EQ(count({R"("kty":"EC","crv":"P-256","x":"AA","y":"AA")"}), 0U);
  // Not on the curve.
  EXPECT_EQ(
      count(
          {R"("kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU")"}),
      0U);
  EXPECT_EQ(count({R"("kty":"OKP","crv":"Ed448","x":"AA")"}), 0U);
  EXPECT_EQ(count({R"("kty":"OKP","crv":"Ed25519","x":"AA")"}), 0U);
  EXPECT_EQ(count({R"("kty":"OKP","crv":"Ed25519")"}), 0U);
  EXPECT_EQ(count({concat(R"("kty":"RSA","e":"AQAB","n":")", std::string(170, 'p'), "\"")}), 0U);
  EXPECT_EQ(count({R"("kty":"RSA","n":"AQAB")"}), 0U);
}

TEST(KeySets, ThatAreNoneAreRefused) {
  for (const char* const text :
       {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})", "{\"keys\":["}) {
    EXPECT_FALSE(KeySet::parse(text)) << text;
  }
  EXPECT_TRUE(KeySet::parse(R"({"keys":[1,"x",null,[]]})")->keys().empty());
  std::string many = R"({"keys":[0)";
  for (std::size_t i = 0; i < KeySet::max_keys; ++i) many += ",0";
  EXPECT_EQ(KeySet::parse(many + "]}").error().code, core::ErrorCode::Exhausted);
  EXPECT_EQ(KeySet::parse(std::string(KeySet::max_size + 1, ' ')).error().code,
            core::ErrorCode::Exhausted);
}

TEST(KeySets, SayWhichKeyOrNone) {
  const auto set = KeySet::parse(set_of({ec + R"(,"kid":"a")", octets + R"(,"kid":"a")",
                                         rsa + R"(,"kid":"b")", rsa + R"(,"kid":"c")"}));
  ASSERT_TRUE(set);
  EXPECT_NE(set->find("a", Algorithm::Es256), nullptr);
  EXPECT_NE(set->find("a", Algorithm::EdDsa), nullptr);
  EXPECT_NE(set->find("b", Algorithm::Rs256), nullptr);
  EXPECT_EQ(set->find("a", Algorithm::Rs256), nullptr);
  EXPECT_EQ(set->find("d", Algorithm::Es256), nullptr);
  EXPECT_NE(set->find(std::nullopt, Algorithm::Es256), nullptr);
  // Two of them: it could be either.
  EXPECT_EQ(set->find(std::nullopt, Algorithm::Rs256), nullptr);
  EXPECT_EQ(KeySet::parse(set_of({ec, ec}))->find(std::nullopt, Algorithm::Es256), nullptr);
}

TEST(Algorithms, AreThreeAndNoOther) {
  for (const char* const each :
       {"none", "None", "HS256", "RS384", "PS256", "ES384", "rs256", "", "Ed448"}) {
    EXPECT_FALSE(find_algorithm(each)) << each;
  }
}

}  // namespace
}  // namespace merlon::oidc
