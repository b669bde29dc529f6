#include "merlon/release/broker.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/delivery/records.h"
#include "merlon/delivery/sealed.h"
#include "merlon/evidence/binding.h"
#include "merlon/release/testing/world.h"
#include "merlon/verify/testing/fake_intel.h"

namespace merlon::release {
namespace {

using testing::Bytes;
using testing::deposit_for;
using testing::document;
using testing::Folder;
using testing::Keep;
using testing::Life;
using testing::now;
using testing::tenant;

template <typename T>
std::string code_of(const Outcome<T>& outcome) {
  return outcome ? std::string() : outcome.error().code;
}

class BrokerTest : public ::testing::Test {
 protected:
  DepositId left(std::uint32_t releases = 1, bool hears = false) {
    auto deposit = deposit_for(keep_.policy(), releases);
    deposit.host_hears = hears;
    return life_.broker().deposit(tenant(), document(deposit), now).value().id;
  }
  Outcome<Released> claim(const DepositId& id, const Bytes& bytes, codec::UnixTime at = now) {
    verify::Memory seen;
    const auto own = keep_.own();
    return life_.broker().release(id, bytes, {own, verify::Moment::by_clock(at, {})}, at, seen);
  }
  Invitation challenged(const DepositId& id, codec::UnixTime at = now) {
    return life_.broker().challenge(id, at).value();
  }
  Bytes claim_of(const Invitation& invitation) const {
    return encode(Claim{invitation.token, keep_.proof(invitation.nonce)}).value();
  }

  Folder folder_;
  Keep keep_;
  Life life_{folder_};
};

TEST_F(BrokerTest, SealsToTheKeepThatThePolicyNamesAndToNoOther) {
  const auto id = left(1, true);
  const auto invitation = challenged(id);
  const auto proof = keep_.proof(invitation.nonce);
  const auto released = claim(id, encode(Claim{invitation.token, proof}).value());
  ASSERT_TRUE(released) << released.error().code << released.error().got;
  auto answer = decode_answer(released->answer).value();
  const delivery::Recipient recipient{proof.evidence, invitation.nonce};
  const auto other = crypto::X25519Key::generate().value();
  EXPECT_FALSE(delivery::open(other, recipient, Bytes(answer.delivery)));
  const auto opened = delivery::open(keep_.key, recipient, std::move(answer.delivery));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->workload.message.package->key->at(0), 0x5c);
  EXPECT_EQ(delivery::name_of(opened->tenant), life_.broker().key_name(tenant()).value());
  // What the workload reads, and its end; and what the host hears by.
  delivery::RecordOpener words(delivery::record_key(opened->exporter, delivery::Direction::ToKeep),
                               delivery::Direction::ToKeep);
  words.feed(answer.words);
  EXPECT_EQ(core::as_text(words.next().value().value().content), "some words");
  EXPECT_EQ(words.next().value().value().kind, delivery::RecordKind::InputEnd);
  const auto heard = delivery::record_secret(opened->exporter, delivery::Direction::FromKeep);
  EXPECT_TRUE(std::ranges::equal(answer.hearing.value().key.reveal(), heard.reveal()));
}

TEST_F(BrokerTest, LetsNobodyHearUnlessTheTenantSaysSo) {
  const auto id = left();
  const auto answer = decode_answer(claim(id, claim_of(challenged(id))).value().answer).value();
  EXPECT_FALSE(answer.hearing);
}

TEST_F(BrokerTest, AnswersEachChallengeOnce) {
  const auto id = left(3);
  const auto bytes = claim_of(challenged(id));
  EXPECT_TRUE(claim(id, bytes));
  EXPECT_EQ(code_of(claim(id, bytes)), "release.answered");
  // Another proof for the same challenge is no other answer.
  EXPECT_EQ(life_.broker().show(tenant(), id).value().left, 2U);
}

TEST_F(BrokerTest, CountsAcrossItsLives) {
  const auto id = left(2);
  const auto first = claim_of(challenged(id));
  EXPECT_TRUE(claim(id, first));
  Life again(folder_);
  ASSERT_TRUE(again.is_open()) << again.trouble();
  verify::Memory seen;
  const auto own = keep_.own();
  EXPECT_EQ(code_of(again.broker().release(id, first, {own, verify::Moment::by_clock(now, {})}, now,
                                           seen)),
            "release.answered");
  EXPECT_TRUE(again.release(id, keep_));
  EXPECT_EQ(code_of(again.release(id, keep_)), "release.exhausted");
  EXPECT_EQ(code_of(life_.release(id, keep_)), "release.exhausted");
}

TEST_F(BrokerTest, RefusesWhatIsOverRemovedOrUnknown) {
  const auto id = left(5);
  EXPECT_EQ(code_of(life_.release(id, keep_, {now.seconds + 1001})), "release.expired");
  EXPECT_EQ(code_of(life_.broker().challenge(DepositId(), now)), "release.unknown");
  const auto before = claim_of(challenged(id));
  EXPECT_TRUE(life_.broker().remove(tenant(), id, now));
  EXPECT_EQ(code_of(claim(id, before)), "release.removed");
  EXPECT_EQ(code_of(life_.broker().challenge(id, now)), "release.removed");
  EXPECT_EQ(code_of(life_.broker().remove(tenant(), id, now)), "release.removed");
}

TEST_F(BrokerTest, TakesChallengesOfItsOwnForThisDepositAndNotForLong) {
  const auto id = left(5);
  const auto other = left(5);
  const auto invitation = challenged(id);
  EXPECT_EQ(code_of(claim(other, claim_of(invitation))), "release.challenge");
  const codec::UnixTime late{now.seconds + challenge_seconds + 1};
  EXPECT_EQ(code_of(claim(id, claim_of(invitation), late)), "release.challenge-over");
  const codec::UnixTime early{now.seconds - clock_leeway_seconds - 1};
  EXPECT_EQ(code_of(claim(id, claim_of(invitation), early)), "release.challenge-over");
  auto changed = claim_of(invitation);
  for (const std::size_t at : {8U, 16U, 28U, 71U}) {
    auto one = changed;
    one[at] ^= 1U;
    EXPECT_EQ(code_of(claim(id, one)), "release.challenge") << at;
  }
  EXPECT_EQ(code_of(claim(id, Bytes(100, 0))), "release.claim");
  EXPECT_EQ(code_of(claim(id, {})), "release.claim");
}

TEST_F(BrokerTest, AnswersNoChallengeOfBeforeAChange) {
  const auto id = left(5);
  const auto before = claim_of(challenged(id));
  const auto again = document(deposit_for(keep_.policy(), 4));
  ASSERT_TRUE(life_.broker().change(tenant(), id, again, now));
  EXPECT_EQ(code_of(claim(id, before)), "release.changed");
  EXPECT_EQ(life_.broker().show(tenant(), id).value().left, 4U);
  EXPECT_TRUE(claim(id, claim_of(challenged(id))));
}

TEST_F(BrokerTest, RefusesEvidenceByTheNameOfTheCheck) {
  const auto id = left(5);
  Keep other{keep_.amd};
  other.amd.report.at(0x90) ^= 1U;
  EXPECT_EQ(code_of(life_.release(id, other)), "snp.measurement");
  Keep forged{keep_.amd};
  forged.amd.bad_signature = true;
  EXPECT_EQ(code_of(life_.release(id, forged)), "snp.signature");
  // Another key than the evidence speaks for; evidence for another challenge; none.
  const auto invitation = challenged(id);
  auto proof = keep_.proof(invitation.nonce);
  const auto stranger = crypto::X25519Key::generate().value();
  std::ranges::copy(stranger.public_key().view(), proof.hpke_key.begin());
  EXPECT_EQ(code_of(claim(id, encode(Claim{invitation.token, proof}).value())),
            "binding.report-data");
  EXPECT_EQ(code_of(claim(
                id, encode(Claim{invitation.token, keep_.proof(challenged(id).nonce)}).value())),
            "binding.report-data");
  proof = {};
  EXPECT_EQ(code_of(claim(id, encode(Claim{invitation.token, proof}).value())), "release.evidence");
  proof = keep_.proof(invitation.nonce);
  proof.evidence.resize(50);
  EXPECT_EQ(code_of(claim(id, encode(Claim{invitation.token, proof}).value())),
            "release.evidence-form");
  // None of it was counted.
  EXPECT_EQ(life_.broker().show(tenant(), id).value().left, 5U);
}

TEST_F(BrokerTest, RefusesARootThatThePolicyDoesNotName) {
  auto deposit = deposit_for(keep_.policy());
  const auto at = deposit.policy.find("roots");
  deposit.policy.erase(at, deposit.policy.find('\n', at) - at + 1);
  const auto id = life_.broker().deposit(tenant(), document(deposit), now).value().id;
  EXPECT_EQ(code_of(life_.release(id, keep_)), "snp.anchor");
}

TEST_F(BrokerTest, JudgesQuotesOfEnclavesAsWell) {
  verify::testing::FakeIntel intel;
  constexpr std::size_t enclave = 64;
  const auto policy =
      base::concat("technologies = [\"sgx\"]\nroots = [\"",
                   base::hex(intel.policy().roots.front().view()), "\"]\n[sgx]\nmr_enclave = [\"",
                   base::hex(core::ByteView(intel.body).subspan(enclave, 32)), "\"]\n");
  const auto id = life_.broker().deposit(tenant(), document(deposit_for(policy)), now).value().id;
  const auto invitation = challenged(id);
  auto proof = keep_.proof(invitation.nonce);
  const auto data =
      evidence::keep_report_data(crypto::sha256({proof.tls_key}), crypto::sha256({proof.hpke_key}),
                                 evidence::Nonce::from(invitation.nonce.view()).value());
  constexpr std::ptrdiff_t report_data = 320;
  std::ranges::copy(data.view(), intel.body.begin() + report_data);
  proof.evidence = intel.quote();
  const auto bytes = encode(Claim{invitation.token, proof}).value();
  // With the Steward's endorsements of AMD's alone it cannot be judged, and is not counted.
  const auto unknown = claim(id, bytes);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code.substr(0, 5), "dcap.");
  verify::Memory seen;
  const auto own = verify::Collateral::prepare(intel.endorsements());
  const auto released =
      life_.broker().release(id, bytes, {own, verify::Moment::by_clock(now, {})}, now, seen);
  ASSERT_TRUE(released) << released.error().code << ": " << released.error().got;
  EXPECT_EQ(released->technology, evidence::Technology::Sgx);
  EXPECT_EQ(released->measurement, base::hex(core::ByteView(intel.body).subspan(enclave, 32)));
}

TEST_F(BrokerTest, TellsOneTenantNothingOfAnothers) {
  const auto id = left(5);
  const auto bob = tenant("bob");
  EXPECT_EQ(code_of(life_.broker().show(bob, id)), "release.unknown");
  EXPECT_EQ(code_of(life_.broker().remove(bob, id, now)), "release.unknown");
  const auto own = document(deposit_for(keep_.policy()));
  EXPECT_EQ(code_of(life_.broker().change(bob, id, own, now)), "release.unknown");
  EXPECT_TRUE(life_.broker().list(bob).value().empty());
  EXPECT_FALSE(life_.broker().key_name(bob).value());
  EXPECT_EQ(life_.broker().list(tenant()).value().size(), 1U);
  // Each has a key of his own.
  EXPECT_TRUE(life_.broker().deposit(bob, own, now));
  EXPECT_NE(life_.broker().key_name(bob).value(), life_.broker().key_name(tenant()).value());
}

TEST_F(BrokerTest, CountsAnewFromAChange) {
  const auto id = left(1);
  const auto key = life_.broker().key_name(tenant()).value();
  EXPECT_TRUE(life_.release(id, keep_));
  EXPECT_EQ(code_of(life_.release(id, keep_)), "release.exhausted");
  const auto again = document(deposit_for(keep_.policy(), 2));
  const auto listing = life_.broker().change(tenant(), id, again, now).value();
  EXPECT_EQ(listing.version, 2U);
  EXPECT_EQ(listing.released, 1U);
  EXPECT_EQ(listing.left, 2U);
  EXPECT_TRUE(life_.release(id, keep_));
  EXPECT_EQ(life_.broker().key_name(tenant()).value(), key);
}

TEST_F(BrokerTest, TakesNoDepositThatWouldGiveToAnyKeep) {
  const auto tried = [&](const Deposit& deposit) {
    return code_of(life_.broker().deposit(tenant(), document(deposit), now));
  };
  EXPECT_EQ(tried(deposit_for("technologies = [\"snp\"]\n")), "release.policy");
  EXPECT_EQ(tried(deposit_for("technologies = [")), "release.policy");
  EXPECT_EQ(tried(deposit_for("nonsense = 1\n")), "release.policy");
  std::string deep;  // tables within tables, more than a stack has room for
  while (deep.size() < 200'000) deep += "a.";
  EXPECT_EQ(tried(deposit_for(deep + "a = 1\n")), "release.policy");
  auto deposit = deposit_for(keep_.policy());
  deposit.until = now;
  EXPECT_EQ(tried(deposit), "release.terms");
  deposit.until = {now.seconds + longest_deposit + 1};
  EXPECT_EQ(tried(deposit), "release.terms");
  deposit = deposit_for(keep_.policy());
  delivery::Workload whole;
  whole.message.program = "main.wasm";
  whole.module = {0, 'a', 's', 'm'};
  deposit.workload = crypto::SecretBytes(delivery::encode(whole).value());
  EXPECT_EQ(tried(deposit), "release.workload");
  EXPECT_EQ(code_of(life_.broker().deposit(tenant(), Bytes(max_deposit_size + 1, 0), now)),
            "release.size");
  EXPECT_EQ(code_of(life_.broker().deposit(tenant(), Bytes(9, 0), now)), "release.form");
}

TEST_F(BrokerTest, HasRoomForSoManyAndNoMore) {
  Folder folder;
  Life life(folder, 1, Quota{3, 2});
  const auto one = document(deposit_for(keep_.policy()));
  const auto first = life.broker().deposit(tenant("a"), one, now).value().id;
  EXPECT_TRUE(life.broker().deposit(tenant("a"), one, now));
  EXPECT_EQ(code_of(life.broker().deposit(tenant("a"), one, now)), "release.quota");
  EXPECT_TRUE(life.broker().deposit(tenant("b"), one, now));
  EXPECT_EQ(code_of(life.broker().deposit(tenant("b"), one, now)), "release.quota");
  // What was removed is told as such for a week, and then makes room.
  EXPECT_TRUE(life.broker().remove(tenant("a"), first, now));
  const codec::UnixTime later{now.seconds + 7 * codec::seconds_per_day + 1};
  auto late = deposit_for(keep_.policy());
  late.until = {later.seconds + 100};
  EXPECT_TRUE(life.broker().deposit(tenant("b"), document(late), later));
}

/// Whatever a host does with what it sees, it gets no answer beyond the count, none twice, and none
/// for a keep that is not good.
TEST_F(BrokerTest, HoldsItsLimitsAgainstAnyOrderOfClaims) {
  constexpr std::uint32_t allowed = 5;
  const auto id = left(allowed);
  const auto other = left(allowed);
  std::uint64_t seed = 20'261'129;
  const auto next = [&] { return (seed = seed * 6'364'136'223'846'793'005U + 1) >> 33U; };
  std::vector<std::pair<DepositId, Bytes>> seen;
  std::size_t answers = 0;
  std::vector<Bytes> answered;
  for (int step = 0; step < 120; ++step) {
    const auto& which = next() % 2 == 0 ? id : other;
    const auto invitation = life_.broker().challenge(which, now);
    if (invitation) seen.emplace_back(which, claim_of(*invitation));
    auto [target, bytes] = seen.at(next() % seen.size());
    const bool swaps = next() % 4 == 0;
    const bool spoils = next() % 4 == 0;
    if (swaps) target = target == id ? other : id;
    if (spoils) bytes.at(next() % bytes.size()) ^= static_cast<std::uint8_t>(1U << next() % 8);
    const auto released = claim(target, bytes);
    if (!released) continue;
    EXPECT_FALSE(swaps);
    ++answers;
    if (!spoils) {
      EXPECT_EQ(std::ranges::find(answered, bytes), answered.end());
      answered.push_back(bytes);
    }
  }
  EXPECT_LE(answers, 2 * allowed);
  for (const auto& each : {id, other}) {
    EXPECT_EQ(life_.broker().show(tenant(), each).value().released +
                  life_.broker().show(tenant(), each).value().left,
              allowed);
  }
}

}  // namespace
}  // namespace merlon::release
