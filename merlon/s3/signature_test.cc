#include "merlon/s3/signature.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::s3 {
namespace {

// The examples of "Signature Calculations for the Authorization Header" [SIGV4].

Credentials example() {
  constexpr std::string_view secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  return {"AKIAIOSFODNN7EXAMPLE",
          crypto::SecretBytes(std::vector<std::uint8_t>(secret.begin(), secret.end()))};
}

Unsigned request(std::string method, std::string path) {
  Unsigned made;
  made.method = std::move(method);
  made.path = std::move(path);
  made.host = "examplebucket.s3.amazonaws.com";
  made.content = crypto::sha256({});
  return made;
}

std::string signature_of(const Unsigned& request) {
  constexpr codec::UnixTime then{1'369'353'600};
  const Signed made = sign(request, example(), "us-east-1", then);
  EXPECT_TRUE(made.authorization.starts_with(
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "));
  return made.authorization.substr(made.authorization.find("Signature=") + 10);
}

TEST(S3Signature, OfAGetWithARange) {
  Unsigned get = request("GET", "/test.txt");
  get.fields = {{"Range", "bytes=0-9"}};
  EXPECT_EQ(signature_of(get), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3Signature, OfAPutOfANameThatIsEncoded) {
  Unsigned put = request("PUT", "/test$file.text");
  put.fields = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                {"x-amz-storage-class", "REDUCED_REDUNDANCY"}};
  put.content = crypto::sha256({core::as_bytes("Welcome to Amazon S3.")});
  EXPECT_EQ(signature_of(put), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(S3Signature, OfQueriesWithAndWithoutAValue) {
  Unsigned get = request("GET", "/");
  get.query = {{"lifecycle", ""}};
  EXPECT_EQ(signature_of(get), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  get.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_EQ(signature_of(get), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(S3Signature, SignsTheTokenOfASession) {
  Credentials credentials = example();
  credentials.session_token = "token";
  const Signed made = sign(request("GET", "/a b"), credentials, "r", {});
  EXPECT_EQ(made.target, "/a%20b");
  EXPECT_NE(made.authorization.find(";x-amz-date;x-amz-security-token,"), std::string::npos);
  EXPECT_EQ(made.fields.back().value, "token");
}

}  // namespace
}  // namespace merlon::s3
