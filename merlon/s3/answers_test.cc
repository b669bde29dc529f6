#include <gtest/gtest.h>

#include "merlon/s3/credentials.h"
#include "merlon/s3/listing.h"

namespace merlon::s3 {
namespace {

constexpr std::string_view page = R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>b</Name><Prefix>p/00/</Prefix><IsTruncated>true</IsTruncated>
  <NextContinuationToken>1&amp;2&#x3D;</NextContinuationToken>
  <Contents><Key>p/00/a</Key><Size>17</Size><Owner><ID>x</ID></Owner></Contents>
  <Contents><Size>0</Size><Key>p/00/&quot;b</Key></Contents>
  <Contents><Key>without a size</Key></Contents>
  <CommonPrefixes><Prefix>p/00/c/</Prefix></CommonPrefixes><Empty/>
</ListBucketResult>)";

TEST(S3Listing, IsReadWithItsSizesAndWhereItGoesOn) {
  const auto listing = parse_listing(page);
  ASSERT_TRUE(listing);
  ASSERT_EQ(listing->objects.size(), 2U);
  EXPECT_EQ(listing->objects[0], (Listing::Object{"p/00/a", 17}));
  EXPECT_EQ(listing->objects[1], (Listing::Object{"p/00/\"b", 0}));
  EXPECT_EQ(listing->prefixes, std::vector<std::string>{"p/00/c/"});
  EXPECT_EQ(listing->next, "1&2=");
}

TEST(S3Listing, ThatIsNoneIsRefused) {
  for (std::size_t size = 0; size < page.size(); ++size)
    EXPECT_FALSE(parse_listing(page.substr(0, size)));
  const std::string deep = "<ListBucketResult>" + std::string(3000, '<');
  for (
      const std::string_view text :
      {std::string_view("<a></b>"), std::string_view("<Other></Other>"), std::string_view("text"),
       std::string_view("<ListBucketResult/><ListBucketResult/>"),
       std::string_view("<!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult>&b;</ListBucketResult>"),
       std::string_view("<ListBucketResult><![CDATA[x]]></ListBucketResult>"),
       std::string_view("<ListBucketResult>&#xFFFF;</ListBucketResult>"),
       std::string_view("<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
       std::string_view(
           "<ListBucketResult><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></ListBucketResult>"),
       std::string_view(deep)}) {
    EXPECT_FALSE(parse_listing(text)) << text;
  }
  EXPECT_TRUE(parse_listing("<ListBucketResult/>"));
}

TEST(S3Refusal, IsAWordThatOneCanShow) {
  EXPECT_EQ(parse_refusal("<Error><Code>NoSuchBucket</Code><Message>x</Message></Error>"),
            "NoSuchBucket");
  EXPECT_EQ(parse_refusal("<Error><Code>\x1b[31m</Code></Error>"), "");
  EXPECT_EQ(parse_refusal("<html>"), "");
}

TEST(S3Credentials, AreThoseOfTheDefaultSection) {
  const auto found = parse_credentials(
      "# mine\n[other]\naws_access_key_id=no\n[default]\r\naws_access_key_id = AKIA\n"
      "aws_secret_access_key = a/secret+=\nregion = x\n[third]\naws_secret_access_key = no\n");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, "AKIA");
  EXPECT_EQ(core::as_text(found->secret.reveal()), "a/secret+=");
  EXPECT_EQ(found->session_token, "");
}

TEST(S3Credentials, ThatAreNoneAreRefusedWithoutTheirWords) {
  for (const std::string_view text : {"", "aws_access_key_id=AKIA", "secret",
                                      "aws_access_key_id=A\naws_secret_access_key=a secret",
                                      "aws_access_key_id=A,B\naws_secret_access_key=secret"}) {
    const auto none = parse_credentials(text);
    ASSERT_FALSE(none) << text;
    EXPECT_EQ(none.error().find("a secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace merlon::s3
