#include "merlon/statement/request.h"

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "merlon/zk/testing/vectors.h"

namespace merlon::statement {
namespace {

const Bytes context{1, 2, 3};

Opening opening_of(std::uint64_t number) { return {number, zk::P256Scalar::random().value()}; }

zk::P256Point point_of(const Opening& opening) { return zk::commit(opening.opening()); }

Bytes written(const Request& request) {
  const auto bytes = request.encode();
  EXPECT_TRUE(bytes);
  return {bytes->reveal().begin(), bytes->reveal().end()};
}

/// By way of its bytes both times, as a workload asks.
Answer asked(const Request& request) {
  zk::RandomScalars random;
  const auto bytes = answer(written(request), random);
  auto parsed = Answer::parse(bytes.reveal());
  EXPECT_TRUE(parsed);
  return *std::move(parsed);
}

Bytes proof_of(const Request& request) {
  const Answer answered = asked(request);
  EXPECT_FALSE(answered.refusal) << code_of(*answered.refusal);
  return {answered.content.reveal().begin(), answered.content.reveal().end()};
}

TEST(StatementRequest, MakesACommitmentThatItsOpeningOpens) {
  const Bytes fresh = proof_of({{}, Commit{41, {}}});
  ASSERT_EQ(fresh.size(), 65U);
  const auto blinding = zk::P256Scalar::decode(core::ByteView(fresh).subspan(33)).value();
  const auto point = zk::P256Point::decode(core::ByteView(fresh).first(33)).value();
  EXPECT_EQ(point, zk::commit({zk::P256Scalar(41), blinding}));
  EXPECT_EQ(proof_of({{}, Commit{41, blinding}}), fresh);
  EXPECT_NE(proof_of({{}, Commit{41, {}}}), fresh) << "another blinding each time";
}

TEST(StatementRequest, ProvesAndJudgesEachClaim) {
  const Opening balance = opening_of(5000);
  const Opening same = opening_of(5000);
  const Opening rest = opening_of(2000);
  const zk::Threshold threshold{1000, 32};
  const Sum sum{{{1, point_of(balance)}, {-2, point_of(rest)}}, 1000};
  const std::vector<std::pair<Request::What, Claim>> all{
      {ProveAtLeast{threshold, balance}, AtLeast{threshold, point_of(balance)}},
      {ProveEqual{balance, same}, Equal{point_of(balance), point_of(same)}},
      {ProveSum{{{1, balance}, {-2, rest}}, 1000}, sum}};
  for (const auto& [prove, claim] : all) {
    const Bytes proof = proof_of({context, prove});
    EXPECT_EQ(proof.size(), proof_size(claim));
    EXPECT_FALSE(asked({context, Verify{claim, proof}}).refusal);
    EXPECT_EQ(asked({{}, Verify{claim, proof}}).refusal, Refusal::Proof);
    Bytes altered = proof;
    altered.back() ^= 1U;
    EXPECT_EQ(asked({context, Verify{claim, altered}}).refusal, Refusal::Proof);
  }
}

TEST(StatementRequest, ProvesAndJudgesAtItsBounds) {
  const Opening one = opening_of(1001);
  const Bytes longest(max_context_size, 7);
  for (const std::uint8_t bits : {std::uint8_t{1}, zk::Threshold::max_bits}) {
    const Bytes proof = proof_of({longest, ProveAtLeast{{1000, bits}, one}});
    EXPECT_FALSE(asked({longest, Verify{AtLeast{{1000, bits}, point_of(one)}, proof}}).refusal);
  }
  ProveSum prove{{}, 0};
  Sum sum{{}, 0};
  for (std::size_t i = 0; i < Sum::max_parts; ++i) {
    const Opening part = opening_of(i);
    prove.parts.push_back({-1, part});
    sum.parts.push_back({-1, point_of(part)});
    prove.total -= static_cast<std::int64_t>(i);
  }
  sum.total = prove.total;
  EXPECT_FALSE(asked({{}, Verify{sum, proof_of({{}, prove})}}).refusal);
}

TEST(StatementRequest, OverwritesOpeningsWhenTheyGo) {
  alignas(Opening) std::array<std::uint8_t, sizeof(Opening)> memory{};
  auto* const opening = new (memory.data()) Opening{77, zk::P256Scalar::random().value()};
  EXPECT_NE(std::ranges::count(memory, 0), static_cast<std::ptrdiff_t>(memory.size()));
  std::destroy_at(opening);
  EXPECT_EQ(std::ranges::count(memory, 0), static_cast<std::ptrdiff_t>(memory.size()));
}

TEST(StatementRequest, ProvesNothingThatIsNotSo) {
  const Opening balance = opening_of(999);
  const auto refusal = [](Request::What what) { return asked({context, std::move(what)}).refusal; };
  EXPECT_EQ(refusal(ProveAtLeast{{1000, 32}, balance}), Refusal::False);
  EXPECT_EQ(refusal(ProveAtLeast{{100, 4}, balance}), Refusal::False) << "more than the bits hold";
  EXPECT_EQ(refusal(ProveEqual{balance, opening_of(998)}), Refusal::False);
  EXPECT_EQ(refusal(ProveSum{{{1, balance}}, 998}), Refusal::False);
  EXPECT_EQ(refusal(ProveEqual{balance, balance}), Refusal::Form) << "one commitment twice";
}

TEST(StatementRequest, WithoutRandomNumbersIsRefused) {
  const Opening balance = opening_of(999);
  const std::vector<Request::What> all{Commit{1, {}}, ProveAtLeast{{1, 32}, balance},
                                       ProveEqual{balance, opening_of(999)},
                                       ProveSum{{{1, balance}}, 999}};
  for (const Request::What& each : all) {
    zk::testing::FewScalars none(0);
    EXPECT_EQ(answer(Request{{}, each}, none).refusal, Refusal::Random);
  }
}

std::vector<Bytes> one_of_each() {
  const Opening one = opening_of(7);
  const Opening other = opening_of(7);
  const zk::P256Point a = point_of(one);
  const zk::P256Point b = point_of(other);
  std::vector<Bytes> all;
  for (const Request& each : std::vector<Request>{
           {{}, Commit{7, {}}},
           {{}, Commit{7, one.blinding}},
           {context, ProveAtLeast{{5, 2}, one}},
           {context, ProveEqual{one, other}},
           {context, ProveSum{{{-1, one}, {3, other}}, 14}},
           {context, Verify{AtLeast{{5, 1}, a}, Bytes(zk::Threshold{5, 1}.proof_size())}},
           {context, Verify{Equal{a, b}, Bytes(64)}},
           {context, Verify{Sum{{{-1, a}, {3, b}}, 14}, Bytes(64)}}}) {
    all.push_back(written(each));
  }
  return all;
}

TEST(StatementRequest, IsWrittenAsItWasRead) {
  std::uint8_t kind = 0;
  for (const Bytes& bytes : one_of_each()) {
    EXPECT_EQ(bytes[0], 1);
    EXPECT_EQ(bytes[1], ++kind);
    const auto request = Request::parse(bytes);
    ASSERT_TRUE(request);
    EXPECT_EQ(written(*request), bytes);
  }
}

TEST(StatementRequest, OfAnotherSizeOrKindIsRefused) {
  for (Bytes bytes : one_of_each()) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(Request::parse(core::ByteView(bytes).first(size)));
    }
    bytes.push_back(0);
    EXPECT_EQ(Request::parse(bytes).error(), Refusal::Form);
    bytes.pop_back();
    bytes[0] = 2;
    EXPECT_EQ(Request::parse(bytes).error(), Refusal::Kind);
    bytes[0] = 1;
    bytes[1] = 9;
    EXPECT_EQ(Request::parse(bytes).error(), Refusal::Kind);
  }
  EXPECT_EQ(Request::parse(Bytes(max_request_size + 1, 1)).error(), Refusal::Form);
}

TEST(StatementRequest, ThatSaysNothingIsRefused) {
  const auto refused = [](const Request& request) { return !request.encode(); };
  const Opening one = opening_of(7);
  EXPECT_TRUE(refused({{}, Commit{7, zk::P256Scalar()}})) << "a blinding of zero shows the number";
  EXPECT_TRUE(refused({context, Commit{7, {}}}));
  EXPECT_TRUE(refused({{}, ProveAtLeast{{5, 0}, one}}));
  EXPECT_TRUE(refused({{}, ProveAtLeast{{5, 64}, one}}));
  EXPECT_TRUE(refused({{}, ProveSum{{}, 0}}));
  EXPECT_TRUE(refused({{}, ProveSum{{{0, one}}, 0}}));
  EXPECT_TRUE(refused({{}, ProveSum{std::vector<OwnPart>(33, {1, one}), 0}}));
  EXPECT_TRUE(refused({{}, Verify{Equal{point_of(one), zk::P256Point()}, Bytes(64)}}));
  EXPECT_TRUE(refused({Bytes(1025), ProveSum{{{1, one}}, 0}}));
  EXPECT_FALSE(refused({Bytes(1024), ProveSum{std::vector<OwnPart>(32, {1, one}), 0}}));
}

TEST(StatementAnswer, IsReadOrRefused) {
  EXPECT_FALSE(Answer::parse({}));
  EXPECT_FALSE(Answer::parse(Bytes{2, 0}));
  EXPECT_FALSE(Answer::parse(Bytes{1, 6}));
  EXPECT_FALSE(Answer::parse(Bytes{1, 3, 0})) << "a refusal has no content";
  EXPECT_EQ(Answer::parse(Bytes{1, 3}).value().refusal, Refusal::False);
  EXPECT_EQ(Answer::parse(Bytes{1, 0, 9}).value().content.reveal().size(), 1U);
}

TEST(StatementAnswer, ToWhatIsNoRequestIsARefusal) {
  zk::RandomScalars random;
  const auto refused = answer(core::as_bytes(std::string_view("nonsense")), random);
  EXPECT_EQ(Answer::parse(refused.reveal()).value().refusal, Refusal::Kind);
}

}  // namespace
}  // namespace merlon::statement
