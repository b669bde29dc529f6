#include "merlon/zk/duplex_sponge.h"

#include <bit>
#include <functional>

#include <gtest/gtest.h>

#include "merlon/zk/field_codec.h"
#include "merlon/zk/testing/vectors.h"

namespace merlon::zk {
namespace {

using codec::JsonValue;
using testing::bytes;
using testing::text;

std::vector<std::uint8_t> replay(const JsonValue& record) {
  DuplexSponge sponge(bytes(record, "SessionId"));
  std::vector<std::uint8_t> out;
  for (const JsonValue& operation : record.find("Operations")->items()) {
    if (text(operation, "type") == "absorb") {
      sponge.absorb(bytes(operation, "data"));
      continue;
    }
    std::vector<std::uint8_t> squeezed(*operation.find("length")->number());
    sponge.squeeze(squeezed);
    out.insert(out.end(), squeezed.begin(), squeezed.end());
  }
  return out;
}

// The example protocol of the draft: that a polynomial's values over all corners of a cube add up
// to a number, which one asks it at one point for. [FIAT-SHAMIR §example-sumcheck]
constexpr std::uint64_t mersenne = 0x7fffffff;

const FieldCodec& field() {
  static const FieldCodec made(FieldNumber{0xff, 0xff, 0xff, 0x7f});
  return made;
}

std::uint64_t value_of(const FieldNumber& number) {
  return number[0] | std::uint64_t{number[1]} << 8U | std::uint64_t{number[2]} << 16U |
         std::uint64_t{number[3]} << 24U;
}

std::vector<std::uint8_t> encoded(std::uint64_t value) {
  FieldNumber number{};
  for (std::size_t i = 0; i < 4; ++i) number[i] = static_cast<std::uint8_t>(value >> (8 * i));
  return field().encode(number).value();
}

std::uint64_t challenge(DuplexSponge& sponge) {
  std::array<std::uint8_t, 4> drawn{};
  sponge.squeeze(drawn);
  return std::bit_cast<std::uint32_t>(drawn) % mersenne;
}

DuplexSponge begun(core::ByteView session, std::uint8_t variables, std::uint64_t sum) {
  DuplexSponge sponge(session);
  sponge.absorb(std::array<std::uint8_t, 4>{variables, 0, 0, 0});
  sponge.absorb(encoded(sum));
  return sponge;
}

std::optional<std::uint64_t> ends_at(core::ByteView session, std::uint8_t variables,
                                     std::uint64_t claim, core::ByteView said) {
  DuplexSponge sponge = begun(session, variables, claim);
  core::Reader reader(said);
  for (std::uint8_t i = 0; i < variables; ++i) {
    const auto first = field().decode(reader);
    const auto second = field().decode(reader);
    if (!first || !second) return std::nullopt;
    const std::uint64_t a = value_of(*first);
    const std::uint64_t b = value_of(*second);
    if ((2 * a + b) % mersenne != claim) return std::nullopt;
    sponge.absorb(encoded(a));
    sponge.absorb(encoded(b));
    claim = (a + b * challenge(sponge)) % mersenne;
  }
  if (!reader.at_end()) return std::nullopt;
  return claim;
}

std::vector<std::uint8_t> said_by_prover(core::ByteView session, std::vector<std::uint64_t> table) {
  std::uint64_t sum = 0;
  for (const std::uint64_t entry : table) sum = (sum + entry) % mersenne;
  DuplexSponge sponge =
      begun(session, static_cast<std::uint8_t>(std::bit_width(table.size() - 1)), sum);
  std::vector<std::uint8_t> said;
  while (table.size() > 1) {
    std::array<std::uint64_t, 2> sums{};
    for (std::size_t i = 0; i < table.size(); ++i)
      sums[i % 2] = (sums[i % 2] + table[i]) % mersenne;
    for (const std::uint64_t each : {sums[0], (sums[1] + mersenne - sums[0]) % mersenne}) {
      const auto bytes = encoded(each);
      sponge.absorb(bytes);
      said.insert(said.end(), bytes.begin(), bytes.end());
    }
    const std::uint64_t drawn = challenge(sponge);
    for (std::size_t j = 0; j < table.size() / 2; ++j) {
      const std::uint64_t rise = (table[2 * j + 1] + mersenne - table[2 * j]) % mersenne;
      table[j] = (table[2 * j] + drawn * rise) % mersenne;
    }
    table.resize(table.size() / 2);
  }
  return said;
}

void check_sumcheck(const JsonValue& record) {
  const auto session = bytes(record, "SessionId");
  const auto said = bytes(record, "Narg");
  const auto end = ends_at(session, 4, 0xffff, said);
  if (text(record, "Expected") == "reject") {
    EXPECT_FALSE(end) << text(record, "Id");
    return;
  }
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, 0x3ebfb3b3U);
  std::vector<std::uint64_t> table;
  for (const JsonValue& entry : record.find("Witness")->items()) table.push_back(*entry.number());
  EXPECT_EQ(base::hex(said_by_prover(session, table)), base::hex(said));
}

// [FIAT-SHAMIR §test-vectors]
TEST(DuplexSponge, IsThatOfTheVectors) {
  MERLON_NEEDS_VECTORS();
  int seen = 0;
  const auto vectors = testing::vectors_of("fiatShamirShake128Vectors.json");
  for (const JsonValue& record : vectors.root().items()) {
    const std::string_view function = text(record, "Function");
    const std::string name(text(record, "Id"));
    ++seen;
    if (function == "DuplexSponge") {
      EXPECT_EQ(base::hex(replay(record)), text(record, "Output")) << name;
    } else if (function == "DeriveSessionID") {
      EXPECT_EQ(base::hex(session_id(bytes(record, "Tag")).view()), text(record, "Output")) << name;
    } else if (function == "DecodeUint") {
      const auto drawn = replay(record);
      ASSERT_EQ(drawn.size(), 48U);
      EXPECT_EQ("0x" + base::hex(P256Scalar::reduce_little_endian(
                                     std::span<const std::uint8_t, 48>(drawn))
                                     .encode()
                                     .view()),
                text(record, "Challenge"));
    } else if (function == "Sumcheck") {
      check_sumcheck(record);
    } else {
      ADD_FAILURE() << name;
    }
  }
  EXPECT_EQ(seen, 13);
}

TEST(DuplexSponge, ChecksTheExamplesCodec) {
  MERLON_NEEDS_VECTORS();
  int seen = 0;
  const auto vectors = testing::vectors_of("fiatShamirCodecVectors.json");
  for (const JsonValue& record : vectors.root().items()) {
    if (text(record, "Function") != "Sumcheck") continue;
    check_sumcheck(record);
    ++seen;
  }
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace merlon::zk
