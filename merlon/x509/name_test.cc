#include "merlon/x509/name.h"

#include <gtest/gtest.h>

#include "merlon/codec/testing/der_writer.h"

namespace merlon::x509 {
namespace {

using codec::DerTag;
using codec::Oid;
using codec::testing::Bytes;
using codec::testing::bytes_of;
using codec::testing::der;
using codec::testing::join;
using codec::testing::sequence;

Bytes attribute(const Bytes& type, const Bytes& value) {
  return der(DerTag::Set, sequence({type, value}));
}

Bytes attribute(const Oid& type, std::string_view value) {
  return attribute(codec::testing::oid(type), der(DerTag::Utf8String, bytes_of(value)));
}

TEST(Name, HasTheShortNamesThatPeopleKnow) {
  const Bytes name = sequence(
      {attribute({2, 5, 4, 6}, "US"), attribute({2, 5, 4, 8}, "CA"),
       attribute({2, 5, 4, 7}, "Santa Clara"), attribute({2, 5, 4, 10}, "Advanced Micro Devices"),
       attribute({2, 5, 4, 11}, "Engineering"), attribute({2, 5, 4, 3}, "ARK-Milan")});
  EXPECT_EQ(name_text(name),
            "C=US, ST=CA, L=Santa Clara, O=Advanced Micro Devices, OU=Engineering, CN=ARK-Milan");
  // Each identifier has its own meaning in all of its numbers.
  for (const Oid& other : {Oid{2, 5, 5, 6}, Oid{2, 6, 4, 8}, Oid{1, 5, 4, 7}, Oid{2, 5, 4, 5}}) {
    EXPECT_EQ(name_text(sequence({attribute(other, "x")})),
              codec::oid_text(core::ByteView(codec::testing::oid(other)).subspan(2)) + "=x");
  }
}

TEST(Name, OfSeveralCommonNamesTheFirstCounts) {
  const Bytes name = sequence({attribute({2, 5, 4, 10}, "not this"), attribute({2, 5, 4, 3}, "one"),
                               attribute({2, 5, 4, 3}, "two")});
  EXPECT_EQ(common_name(name), "one");
  EXPECT_EQ(name_text(name), "O=not this, CN=one, CN=two");
  EXPECT_EQ(common_name(sequence({attribute({2, 5, 4, 10}, "only this")})), "");
}

TEST(Name, EndsWhereItIsMalformed) {
  const Bytes type = codec::testing::oid({2, 5, 4, 3});
  const Bytes good = attribute({2, 5, 4, 10}, "o");
  const Bytes value = der(DerTag::Utf8String, bytes_of("cn"));
  for (const Bytes& bad :
       {der(DerTag::Set, sequence({type})), der(DerTag::Set, sequence({value})),
        der(DerTag::Set, sequence({})), der(DerTag::Set, value), type, sequence({type, value})}) {
    EXPECT_EQ(name_text(sequence({good, bad, attribute({2, 5, 4, 3}, "cn")})), "O=o");
  }
  for (const Bytes& none : {Bytes{}, Bytes{0x30}, Bytes{0x30, 0x05, 0x31}, type, value}) {
    EXPECT_EQ(name_text(none), "");
    EXPECT_EQ(common_name(none), "");
  }
}

}  // namespace
}  // namespace merlon::x509
