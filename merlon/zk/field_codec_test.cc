#include "merlon/zk/field_codec.h"

#include <gtest/gtest.h>

#include "merlon/zk/testing/vectors.h"

namespace merlon::zk {
namespace {

using codec::JsonValue;
using testing::bytes;
using testing::text;

FieldNumber number(const JsonValue& value) {
  const auto digits = testing::big_endian(value);
  FieldNumber made{};
  std::ranges::copy(digits.rbegin(), digits.rend(), made.begin());
  return made;
}

void check(const JsonValue& record) {
  const std::string_view function = text(record, "Function");
  const bool is_refused = text(record, "Expected") == "reject";
  const auto input = bytes(record, "Input");
  core::Reader reader(input);
  if (function == "SerializeVarLenString") {
    EXPECT_EQ(base::hex(encode_string(input)), text(record, "Output"));
    const auto output = encode_string(input);
    core::Reader back(output);
    EXPECT_TRUE(std::ranges::equal(decode_string(back).value(), input));
    EXPECT_TRUE(back.at_end());
    return;
  }
  if (function == "DeserializeVarLenString") {
    EXPECT_TRUE(is_refused && !decode_string(reader));
    return;
  }
  const FieldCodec field(number(*record.find("Modulus")));
  if (function == "SerializeUint") {
    EXPECT_EQ(base::hex(field.encode(number(*record.find("Value"))).value()),
              text(record, "Output"));
  } else if (function == "SerializeField") {
    auto big = field.encode(number(*record.find("Value"))).value();
    std::ranges::reverse(big);
    EXPECT_EQ(base::hex(big), text(record, "Output"));
    EXPECT_EQ(base::hex(P256Scalar(0xdeadbeef).encode().view()), text(record, "Output"));
  } else if (function == "DecodeUint") {
    EXPECT_EQ(field.reduce(input).value(), number(*record.find("Challenge")));
  } else if (function == "DeserializeUint") {
    EXPECT_TRUE(is_refused && !field.decode(reader));
  } else if (function == "DeserializeField") {
    const auto first = field.decode(reader);
    const auto second = field.decode(reader);
    ASSERT_TRUE(first);
    EXPECT_EQ(is_refused, !second.has_value());
    if (is_refused) return;
    EXPECT_EQ(*first, number(record.find("Coordinates")->items()[0]));
    EXPECT_EQ(*second, number(record.find("Coordinates")->items()[1]));
  } else {
    ADD_FAILURE() << function;
  }
}

// [FIAT-SHAMIR §test-vectors]; those of the example protocol are in duplex_sponge_test.cc.
TEST(FieldCodec, IsThatOfTheVectors) {
  MERLON_NEEDS_VECTORS();
  int seen = 0;
  const auto vectors = testing::vectors_of("fiatShamirCodecVectors.json");
  for (const JsonValue& record : vectors.root().items()) {
    if (text(record, "Function") == "Sumcheck") continue;
    SCOPED_TRACE(std::string(text(record, "Id")));
    check(record);
    ++seen;
  }
  EXPECT_EQ(seen, 11);
}

TEST(FieldCodec, ReducesAsScalarsAre) {
  // The order of P-256.
  FieldNumber order{};
  const auto big =
      testing::bytes_of("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  std::ranges::copy(big.rbegin(), big.rend(), order.begin());
  const FieldCodec field(order);
  for (int i = 0; i < 50; ++i) {
    std::array<std::uint8_t, 48> drawn{};
    DuplexSponge sponge(std::array<std::uint8_t, 1>{static_cast<std::uint8_t>(i)});
    sponge.squeeze(drawn);
    auto rest = field.reduce(drawn).value();
    std::ranges::reverse(rest);
    EXPECT_EQ(base::hex(rest), base::hex(P256Scalar::reduce_little_endian(drawn).encode().view()));
  }
  EXPECT_FALSE(field.reduce(std::array<std::uint8_t, 47>{}));
  EXPECT_FALSE(field.encode(order));
}

}  // namespace
}  // namespace merlon::zk
