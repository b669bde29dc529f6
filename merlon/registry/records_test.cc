#include "merlon/registry/records.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/registry/content_hasher.h"

namespace merlon::registry {
namespace {

using core::ErrorCode;

TEST(Records, ARoundTripOfUsersAndRepositories) {
  EXPECT_EQ(*parse_user(user_json("github|1\"2")), "github|1\"2");
  EXPECT_EQ(user_json("s"), R"({"subject":"s"})");
  EXPECT_TRUE(*parse_repository(repository_json(true)));
  EXPECT_FALSE(*parse_repository(repository_json(false)));
}

TEST(Records, NothingElseMayStandThere) {
  for (const char* text : {"", "{}", "[]", R"({"subject":1})", R"({"subject":"a","more":1})",
                           R"({"public":true})", "\"subject\""}) {
    EXPECT_FALSE(parse_user(text)) << text;
  }
  for (const char* text : {"{}", R"({"public":1})", R"({"public":true,"x":1})"}) {
    EXPECT_FALSE(parse_repository(text)) << text;
  }
  EXPECT_EQ(parse_user(std::string(max_record_size + 1, ' ')).error().code, ErrorCode::Exhausted);
}

TEST(Records, ATagSaysTheSameInEachOfItsForms) {
  const Meta meta = Meta::of(core::as_bytes("hello"), wasm_type);
  const std::string entry = to_json(meta);
  const std::string payload = codec::encode_base64url(core::as_bytes(entry));
  EXPECT_EQ(*parse_tag(entry, tag_type), meta);
  EXPECT_EQ(*parse_tag(base::concat(R"({"payload":")", payload, R"(","signatures":[]})"),
                       signed_tag_type),
            meta);
  EXPECT_EQ(*parse_tag(base::concat(R"({"payload":")", payload, R"(","signature":"AA"})"),
                       signed_tag_type),
            meta);
}

TEST(Records, ASignedTagWithoutItsPayloadOrFormIsRefused) {
  for (const char* text :
       {"{}", R"({"signatures":[]})", R"({"payload":"e30","signature":"AA"})",
        R"({"payload":"e30","signature":"","signatures":[]})", R"({"payload":"e30="})", "[]"}) {
    EXPECT_FALSE(parse_tag(text, signed_tag_type)) << text;
  }
  EXPECT_EQ(parse_tag("{}", "text/plain").error().code, ErrorCode::Unsupported);
}

TEST(ContentHasher, ComesToWhatTheWholeContentHas) {
  const auto whole = ContentDigest::of(core::as_bytes("hello, world"));
  ContentHasher hasher(whole);
  hasher.add(core::as_bytes("hello,"));
  hasher.add({});
  hasher.add(core::as_bytes(" world"));
  EXPECT_EQ(std::move(hasher).finish(), whole);
}

TEST(ContentHasher, HashesByWhatIsWantedAndSha256) {
  ContentDigest wanted;
  EXPECT_FALSE(agrees(wanted, wanted));
  ASSERT_TRUE(wanted.set(DigestKind::Sha512, ContentDigest::of({}).get(DigestKind::Sha512)));
  const ContentDigest found = ContentHasher(wanted).finish();
  EXPECT_FALSE(found.get(DigestKind::Sha256).empty());
  EXPECT_TRUE(found.get(DigestKind::Sha384).empty());
  EXPECT_TRUE(agrees(wanted, found));
  EXPECT_FALSE(agrees(ContentDigest::of({}), found));
  EXPECT_FALSE(agrees(wanted, ContentDigest::of(core::as_bytes("x"))));
}

}  // namespace
}  // namespace merlon::registry
