#include "merlon/evidence/attestation_result.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/cbor.h"
#include "merlon/codec/der_writer.h"
#include "merlon/codec/json.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::evidence {
namespace {

using core::ErrorCode;

AttestationResult example() {
  AttestationResult made;
  made.build = "merlon-steward 1.0";
  made.issued = {1'750'000'000};
  made.technology = Technology::Snp;
  made.status = TrustTier::Affirming;
  made.vector = {TrustVector::approved_executables, TrustVector::genuine_hardware,
                 TrustVector::encrypted_memory};
  made.measurement = Bytes(48, 0xA1);
  made.signers = {{"author key digest", Bytes(48, 0xB2)}};
  made.policy = crypto::sha256({Bytes{1}});
  made.evidence = crypto::sha256({Bytes{2}});
  made.remarks = {"the policy compares no signer"};
  return made;
}

AttestationResult any_result(std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return random() % bound; };
  const auto text = [&] {
    std::string made(below(AttestationResult::max_text_size + 1), ' ');
    for (char& each : made) each = static_cast<char>(' ' + below(95));
    return made;
  };
  const auto digest = [&] {
    Bytes made(below(AttestationResult::max_digest_size + 1));
    for (std::uint8_t& each : made) each = static_cast<std::uint8_t>(random());
    return made;
  };
  constexpr std::array tiers{TrustTier::None, TrustTier::Affirming, TrustTier::Warning,
                             TrustTier::Contraindicated};
  AttestationResult made;
  made.build = text();
  made.issued = {static_cast<std::int64_t>(below(1ULL << 37U))};
  made.technology = static_cast<Technology>(below(4));
  made.vector = {static_cast<std::uint8_t>(below(128)), static_cast<std::uint8_t>(below(128)),
                 static_cast<std::uint8_t>(below(128))};
  made.status = std::max(made.vector.tier(), tiers[below(tiers.size())]);
  made.measurement = digest();
  for (std::size_t i = below(AttestationResult::max_signers + 1); i > 0; --i) {
    made.signers.push_back({text(), digest()});
  }
  if (below(2) == 0) {
    made.workload = WorkloadClaims{crypto::sha256({digest()}), crypto::sha256({digest()}),
                                   crypto::sha256({digest()})};
  }
  made.tcb_status = text();
  made.simulator = below(2) == 0;
  made.debug = below(2) == 0;
  made.policy = crypto::sha256({digest()});
  made.evidence = crypto::sha256({digest()});
  for (std::size_t i = below(AttestationResult::max_remarks + 1); i > 0; --i) {
    made.remarks.push_back(text());
  }
  return made;
}

TEST(AttestationResult, WhatIsWrittenIsReadAgain) {
  std::mt19937 random(20'261'128);
  for (int i = 0; i < 2000; ++i) {
    const AttestationResult made = any_result(random);
    const Bytes bytes = made.to_extension();
    ASSERT_LE(bytes.size(), AttestationResult::max_size);
    const auto read = AttestationResult::parse(bytes);
    ASSERT_TRUE(read.has_value()) << read.error().what;
    ASSERT_EQ(*read, made);
  }
}

TEST(AttestationResult, IsToldInJson) {
  AttestationResult made = example();
  made.remarks = {R"(a "quoted" remark)"};
  const std::string text = made.to_json();
  EXPECT_TRUE(text.ends_with("}\n"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const auto parsed = codec::JsonDocument::parse(text);
  ASSERT_TRUE(parsed);
  const codec::JsonValue* const keep = parsed->root().find("submods")->find("keep");
  ASSERT_NE(keep, nullptr);
  EXPECT_EQ(keep->find("ear.status")->text(), "affirming");
  EXPECT_EQ(keep->find("measurement")->text(), base::hex(made.measurement));
  EXPECT_EQ(keep->find("workload"), nullptr);
  EXPECT_EQ(keep->find("remarks")->items().front().text(), made.remarks.front());
  EXPECT_EQ(parsed->root().find("ear.verifier-id")->find("build")->text(), made.build);
}

TEST(AttestationResult, TheLargestFits) {
  AttestationResult made = example();
  const std::string text(AttestationResult::max_text_size, 'x');
  made.build = made.tcb_status = text;
  made.measurement = Bytes(AttestationResult::max_digest_size, 1);
  made.signers.assign(AttestationResult::max_signers, {text, made.measurement});
  made.remarks.assign(AttestationResult::max_remarks, text);
  const Bytes bytes = made.to_extension();
  EXPECT_LE(bytes.size(), AttestationResult::max_size);
  EXPECT_EQ(AttestationResult::parse(bytes).value(), made);
}

TEST(AttestationResult, TextsAreMadeToFit) {
  AttestationResult made = example();
  made.build = "a\x1B[31m\xC3\xA4" + std::string(400, 'b');
  made.remarks.assign(40, "r");
  made.signers.assign(9, {"s", Bytes(100, 1)});
  made.measurement = Bytes(100, 1);
  const auto read = AttestationResult::parse(made.to_extension());
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_TRUE(read->build.starts_with("a?[31m??bbb"));
  EXPECT_EQ(read->build.size(), AttestationResult::max_text_size);
  EXPECT_EQ(read->remarks.size(), AttestationResult::max_remarks);
  EXPECT_EQ(read->signers.size(), AttestationResult::max_signers);
  EXPECT_EQ(read->measurement.size(), AttestationResult::max_digest_size);
}

TEST(AttestationResult, AStatusIsNeverBetterThanItsClaims) {
  AttestationResult made = example();
  made.vector.hardware = TrustVector::unrecognized_hardware;
  EXPECT_EQ(made.vector.tier(), TrustTier::Contraindicated);
  EXPECT_EQ(AttestationResult::parse(made.to_extension())->status, TrustTier::Contraindicated);
  made.vector.hardware = TrustVector::unsafe_hardware;
  EXPECT_EQ(AttestationResult::parse(made.to_extension())->status, TrustTier::Warning);
  EXPECT_EQ(TrustVector{}.tier(), TrustTier::None);
  EXPECT_EQ((TrustVector{0, 1, 0}).tier(), TrustTier::None);
  EXPECT_EQ((TrustVector{31, 0, 0}).tier(), TrustTier::Affirming);
  EXPECT_EQ((TrustVector{32, 2, 2}).tier(), TrustTier::Warning);
  EXPECT_EQ((TrustVector{0, 95, 0}).tier(), TrustTier::Warning);
  EXPECT_EQ((TrustVector{0, 96, 0}).tier(), TrustTier::Contraindicated);
}

TEST(AttestationResult, DamageIsFoundAndNeverMoreThanRefused) {
  const Bytes bytes = example().to_extension();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(AttestationResult::parse(core::ByteView(bytes).first(cut)).has_value()) << cut;
  }
  Bytes longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(AttestationResult::parse(longer).has_value());
  std::mt19937 random(7);
  for (int i = 0; i < 20'000; ++i) {
    Bytes damaged = bytes;
    for (int changes = 1 + static_cast<int>(random() % 3); changes > 0; --changes) {
      damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
    }
    const auto read = AttestationResult::parse(damaged);
    if (!read) continue;
    const auto again = AttestationResult::parse(read->to_extension());
    ASSERT_TRUE(again.has_value());
    ASSERT_EQ(*again, *read);
  }
  EXPECT_EQ(AttestationResult::parse(Bytes(AttestationResult::max_size + 1)).error().code,
            ErrorCode::Exhausted);
}

/// The record and its claims set, to be changed and wrapped again.
struct Parts {
  explicit Parts(const AttestationResult& made) {
    const Bytes extension = made.to_extension();
    codec::CborReader record(codec::der_whole(extension, codec::DerTag::OctetString)->content);
    (void)record.array();
    type = std::string(record.text().value());
    const auto content = record.bytes().value();
    claims.assign(content.begin(), content.end());
  }
  [[nodiscard]] Bytes wrapped() const {
    codec::CborWriter record;
    record.array(kinds ? 3 : 2);
    record.text(type);
    record.bytes(claims);
    if (kinds) record.unsigned_number(*kinds);
    return codec::der_octets(record.result());
  }

  std::string type;
  Bytes claims;
  std::optional<std::uint64_t> kinds = 8;
};

TEST(AttestationResult, ClaimsThatNobodyKnowsArePassedOver) {
  Parts parts(example());
  ASSERT_EQ(parts.claims[0], 0xA4);
  parts.claims[0] = 0xA6;
  // exp before eat_profile, and a text that sorts behind all numbers.
  parts.claims.insert(parts.claims.begin() + 1, {0x04, 0x1A, 0x7F, 0, 0, 0});
  const Bytes more{0x62, 'h', 'i', 0xA1, 1, 0x82, 2, 3};
  parts.claims.insert(parts.claims.end(), more.begin(), more.end());
  const auto read = AttestationResult::parse(parts.wrapped());
  ASSERT_TRUE(read.has_value()) << read.error().what;
  EXPECT_EQ(*read, example());
}

TEST(AttestationResult, AClaimIsThereOnce) {
  Parts parts(example());
  parts.claims[0] = 0xA5;
  const Bytes again(parts.claims.begin() + 1, parts.claims.begin() + 7);  // iat
  parts.claims.insert(parts.claims.begin() + 1, again.begin(), again.end());
  EXPECT_FALSE(AttestationResult::parse(parts.wrapped()).has_value());
}

TEST(AttestationResult, OtherMessagesAreToldApart) {
  Parts parts(example());
  parts.kinds.reset();
  EXPECT_TRUE(AttestationResult::parse(parts.wrapped()).has_value());
  parts.type = "application/eat-ucs+cbor";
  EXPECT_EQ(AttestationResult::parse(parts.wrapped()).error().code, ErrorCode::Unsupported);
  Parts profile(example());
  const std::string name = "rats/ear#04";
  auto at = std::ranges::search(profile.claims, name).begin();
  ASSERT_NE(at, profile.claims.end());
  *(at + 10) = '5';
  EXPECT_EQ(AttestationResult::parse(profile.wrapped()).error().code, ErrorCode::Unsupported);
}

TEST(AttestationResult, OfACertificate) {
  using x509::testing::SigningKey;
  const SigningKey key(crypto::KeyKind::P256);
  x509::testing::CertificateTemplate shape;
  EXPECT_FALSE(attestation_result_of(x509::testing::issued(shape, key, key)).has_value());
  shape.extensions = {x509::testing::extension(cmw_oid, false, example().to_extension())};
  const auto read = attestation_result_of(x509::testing::issued(shape, key, key));
  ASSERT_TRUE(read.has_value() && read->has_value());
  EXPECT_EQ(**read, example());
  // Evidence in the same extension is no result.
  Parts parts(example());
  parts.kinds = 4;
  parts.type = "application/vnd.example.quote";
  shape.extensions = {x509::testing::extension(cmw_oid, false, parts.wrapped())};
  EXPECT_FALSE(attestation_result_of(x509::testing::issued(shape, key, key)).has_value());
  parts.kinds = 8;
  shape.extensions = {x509::testing::extension(cmw_oid, false, parts.wrapped())};
  const auto other = attestation_result_of(x509::testing::issued(shape, key, key));
  ASSERT_TRUE(other.has_value());
  EXPECT_FALSE(other->has_value());
}

}  // namespace
}  // namespace merlon::evidence
