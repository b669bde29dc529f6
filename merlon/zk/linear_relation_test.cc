#include "merlon/zk/linear_relation.h"

#include <gtest/gtest.h>

#include "merlon/zk/testing/vectors.h"

namespace merlon::zk {
namespace {

P256Point some_point(std::uint64_t times) { return P256Point::times_generator(P256Scalar(times)); }

TEST(LinearRelation, IsReadAsItIsWritten) {
  LinearRelation relation;
  const Secret x = relation.add_secret();
  const Element p = relation.add_element(some_point(5));
  const Element q = relation.add_element(some_point(175));
  relation.add_equation(p, {{x, Element::Generator}});
  relation.add_equation({{{q, P256Scalar(2)}}, {{x, p, P256Scalar(14)}}});
  ASSERT_TRUE(relation.validate());
  const auto bytes = relation.serialize().value();
  const auto back = LinearRelation::parse(bytes).value();
  EXPECT_EQ(back.serialize().value(), bytes);
  EXPECT_EQ(back.map(std::array{P256Scalar(5)}), back.image());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto part = LinearRelation::parse(core::ByteView(bytes).first(size));
    EXPECT_FALSE(part && part->validate()) << size;
  }
}

TEST(LinearRelation, WithoutMeaningIsRefused) {
  EXPECT_FALSE(LinearRelation().validate());
  {
    LinearRelation relation;  // p - p = x·G
    const Element p = relation.add_element(some_point(5));
    relation.add_equation({{{p, P256Scalar(1)}, {p, -P256Scalar(1)}},
                           {{relation.add_secret(), Element::Generator, P256Scalar(1)}}});
    EXPECT_FALSE(relation.validate());
  }
  {
    LinearRelation relation;  // p = x·G + y·q - y·q
    const Element p = relation.add_element(some_point(5));
    const Element q = relation.add_element(some_point(7));
    const Secret x = relation.add_secret();
    const Secret y = relation.add_secret();
    relation.add_equation(p, {{x, Element::Generator}, {y, q}, {y, q, -P256Scalar(1)}});
    EXPECT_FALSE(relation.validate());
  }
  {
    LinearRelation relation;  // q is said and not used
    const Element p = relation.add_element(some_point(5));
    static_cast<void>(relation.add_element(some_point(7)));
    relation.add_equation(p, {{relation.add_secret(), Element::Generator}});
    EXPECT_FALSE(relation.validate());
    EXPECT_TRUE(relation.validate_with_unused_elements());
  }
  {
    LinearRelation relation;
    relation.add_equation(relation.add_element(P256Point()),
                          {{relation.add_secret(), Element::Generator}});
    EXPECT_FALSE(relation.validate());
    EXPECT_FALSE(relation.serialize());
  }
}

TEST(LinearRelation, ThatWouldCostMuchIsRefused) {
  const auto refusal = [](std::string_view hex) {
    return LinearRelation::parse(testing::bytes_of(hex)).error().code;
  };
  EXPECT_EQ(refusal("ffffffff"), core::ErrorCode::Exhausted);
  EXPECT_EQ(refusal("01000000ffffff7f"), core::ErrorCode::Exhausted);
  EXPECT_EQ(refusal("0100000001000000ffffffff"), core::ErrorCode::Exhausted);
  EXPECT_EQ(refusal("00000000"), core::ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::zk
