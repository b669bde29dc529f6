#include "merlon/x509/extension.h"

#include <gtest/gtest.h>

#include "merlon/codec/der_writer.h"

namespace merlon::x509 {
namespace {

using codec::der_sequence;
using codec::der_value;
using codec::DerBytes;

TEST(Extension, NamesThatCanStandInACertificate) {
  const std::string label(63, 'a');
  for (const std::string& name :
       {std::string("a"), std::string("localhost"), std::string("a-b.example"),
        std::string("*.keeps.example"), std::string("1.2.3.4"), label + "." + label,
        label + "." + label + "." + label + "." + std::string(61, 'b')}) {
    EXPECT_TRUE(is_dns_name(name)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("."), std::string("a."), std::string(".a"), std::string("a..b"),
        std::string("*"), std::string("*.example"), std::string("a.*.example"),
        std::string("a*.b.example"), std::string("-a"), std::string("a-"), std::string("a_b"),
        std::string("a b"), std::string("\xC3\xA4.example"), std::string("a\0b", 3),
        std::string(64, 'a'), label + "." + label + "." + label + "." + std::string(62, 'b')}) {
    EXPECT_FALSE(is_dns_name(name)) << name;
  }
}

DerBytes dns(std::string_view name) { return der_value(dns_name_tag, core::as_bytes(name)); }

TEST(Extension, NamesOfOtherFormsAreCounted) {
  const DerBytes address = der_value(codec::context_tag(7, false), DerBytes{127, 0, 0, 1});
  const DerBytes value = der_sequence({dns("a.example"), address, dns("b.example")});
  const auto read = SubjectAltNames::parse(value);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->dns, (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(read->others, 1U);
}

TEST(Extension, NamesThatAreNoneAreRefused) {
  for (const DerBytes& value : {DerBytes{}, der_sequence({}), der_sequence({dns("a b")}),
                                der_sequence({dns("")}), dns("a.example"), DerBytes{0x30, 5}}) {
    EXPECT_FALSE(SubjectAltNames::parse(value).has_value());
  }
  DerBytes many;
  for (int i = 0; i < 65; ++i) {
    const DerBytes one = dns("a");
    many.insert(many.end(), one.begin(), one.end());
  }
  EXPECT_EQ(SubjectAltNames::parse(der_value(codec::DerTag::Sequence, many)).error().code,
            core::ErrorCode::Exhausted);
}

TEST(Extension, PurposesOfAKey) {
  const DerBytes server = codec::der_oid(oid_of(ExtendedKeyUsage::ServerAuth));
  const DerBytes one = der_sequence({server});
  const auto read = ExtendedKeyUsages::parse(one);
  ASSERT_TRUE(read.has_value());
  EXPECT_TRUE(read->has(ExtendedKeyUsage::ServerAuth));
  EXPECT_FALSE(read->has(ExtendedKeyUsage::ClientAuth));
  EXPECT_FALSE(ExtendedKeyUsages::parse(der_sequence({})).has_value());
  EXPECT_FALSE(ExtendedKeyUsages::parse(server).has_value());
  EXPECT_FALSE(ExtendedKeyUsages::parse(der_sequence({dns("a")})).has_value());
  DerBytes many;
  for (int i = 0; i < 17; ++i) many.insert(many.end(), server.begin(), server.end());
  EXPECT_EQ(ExtendedKeyUsages::parse(der_value(codec::DerTag::Sequence, many)).error().code,
            core::ErrorCode::Exhausted);
}

/// Numbers of others' certificates [RFC5280 §4.2.1.12].
TEST(Extension, PurposesHaveTheirNumbers) {
  const DerBytes both{0x30, 0x14, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2};
  const auto has = [](core::ByteView value, ExtendedKeyUsage usage) {
    const auto read = ExtendedKeyUsages::parse(value);
    return read && read->has(usage);
  };
  EXPECT_TRUE(has(both, ExtendedKeyUsage::ServerAuth));
  EXPECT_TRUE(has(both, ExtendedKeyUsage::ClientAuth));
  DerBytes other = both;
  other[11] = 4;
  other[21] = 4;
  EXPECT_FALSE(has(other, ExtendedKeyUsage::ServerAuth));
  EXPECT_FALSE(has(other, ExtendedKeyUsage::ClientAuth));
}

TEST(Extension, KeyIdentifiers) {
  const DerBytes octets = codec::der_octets(DerBytes{1, 2});
  EXPECT_EQ(parse_subject_key_id(octets)->size(), 2U);
  EXPECT_FALSE(parse_subject_key_id(DerBytes{1, 2}).has_value());
  const DerBytes id = der_value(codec::context_tag(0, false), DerBytes{1, 2, 3});
  EXPECT_EQ(parse_authority_key_id(der_sequence({id}))->size(), 3U);
  // Who names the issuer by name and number has no key identifier.
  EXPECT_TRUE(parse_authority_key_id(der_sequence({octets}))->empty());
  EXPECT_FALSE(parse_authority_key_id(octets).has_value());
}

}  // namespace
}  // namespace merlon::x509
