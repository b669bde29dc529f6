#include "merlon/steward/authority.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/codec/testing/vectors.h"
#include "merlon/evidence/attestation_result.h"
#include "merlon/steward/testing/requests.h"
#include "merlon/x509/path.h"

namespace merlon::steward {
namespace {

using testing::AmdKeep;
using testing::ca_issuer;
using testing::IntelKeep;
using testing::request_with;
using verify::Collateral;
using verify::Moment;
using verify::testing::FakeAmd;
using verify::testing::FakeIntel;
using x509::Certificate;
using x509::testing::SigningKey;
using x509::testing::test_now;

const Moment now = Moment::asked_for(test_now);

Authority::Settings settings_of(verify::Policy policy) {
  Authority::Settings made;
  // The roots of fake vendors are no vendor's: keeps below them are taken in development alone.
  made.development = !policy.roots.empty();
  made.policy = std::move(policy);
  made.policy_source = "a policy";
  made.dns_names = {"keep.example"};
  made.build = "merlon-steward test";
  return made;
}

Authority authority(Authority::Settings settings) {
  auto made = Authority::create(ca_issuer(), std::move(settings));
  EXPECT_TRUE(made.has_value()) << made.error();
  return *std::move(made);
}

Authority in_development() {
  Authority::Settings settings = settings_of(verify::Policy{});
  settings.development = true;
  return authority(std::move(settings));
}

std::vector<Bytes> elements_of(core::ByteView sequence) {
  std::vector<Bytes> all;
  const auto whole = codec::der_whole(sequence, codec::DerTag::Sequence);
  EXPECT_TRUE(whole.has_value());
  for (codec::DerReader reader(whole->content); !reader.at_end();) {
    const auto each = reader.any();
    if (!each) break;
    all.emplace_back(each->whole.begin(), each->whole.end());
  }
  return all;
}

/// The leaf of a PkiPath of two, which must chain to the issuer.
Certificate leaf_of(const Authority& steward, const Certified& certified) {
  const auto path = elements_of(certified.body);
  EXPECT_EQ(path.size(), 2U);
  EXPECT_EQ(path[0], steward.chain()[0]);
  const auto issuer = Certificate::parse(path[0]);
  auto leaf = Certificate::parse(path[1]);
  EXPECT_TRUE(issuer.has_value() && leaf.has_value());
  x509::SignatureMemo memo;
  memo.learn(issuer->key(), leaf->signature());
  memo.learn(issuer->key(), issuer->signature());
  const std::array anchors{x509::anchor_of(*issuer)};
  EXPECT_TRUE(x509::judge_path({*leaf, *issuer}, anchors, test_now, memo).empty());
  return *std::move(leaf);
}

Refusal refusal_of(const Authority& steward, core::ByteView body, const Collateral& own = {},
                   RequestForm form = RequestForm::Single, const Moment& moment = now) {
  const auto answer = steward.certify(form, body, own, moment);
  EXPECT_FALSE(answer.has_value());
  return answer ? Refusal{} : answer.error();
}

evidence::AttestationResult result_of(const Certificate& leaf) {
  const auto result = evidence::attestation_result_of(leaf);
  EXPECT_TRUE(result.has_value() && result->has_value());
  return **result;
}

TEST(Authority, AnAmdKeepGetsACertificateThatSaysWhatRuns) {
  AmdKeep keep;
  verify::Policy policy = keep.amd.policy();
  policy.snp.measurement = verify::Accept<snp::LaunchDigest>({keep.measurement()});
  const Authority steward = authority(settings_of(policy));
  const Bytes request = keep.request();
  const auto answer = steward.certify(RequestForm::Single, request, keep.own(), now);
  ASSERT_TRUE(answer.has_value()) << answer.error().code << answer.error().got;
  const Certificate leaf = leaf_of(steward, *answer);
  EXPECT_TRUE(std::ranges::equal(leaf.key().spki, keep.key.spki()));
  EXPECT_EQ(leaf.validity().not_before, (codec::UnixTime{test_now.seconds - 600}));
  EXPECT_EQ(leaf.validity().not_after, (codec::UnixTime{test_now.seconds + 86'400}));
  EXPECT_EQ(leaf.serial().size(), 16U);
  EXPECT_FALSE(leaf.has_unknown_critical());
  EXPECT_TRUE(leaf.may(x509::KeyUsage::DigitalSignature));
  EXPECT_FALSE(leaf.may(x509::KeyUsage::KeyCertSign));
  ASSERT_TRUE(leaf.basic_constraints().has_value());
  EXPECT_FALSE(leaf.basic_constraints()->ca);
  EXPECT_EQ(leaf.subject().size(), 2U);
  const auto* usage = x509::find_extension(leaf.extensions(), x509::oid::extended_key_usage);
  ASSERT_NE(usage, nullptr);
  const auto purposes = x509::ExtendedKeyUsages::parse(usage->value);
  EXPECT_TRUE(purposes->has(x509::ExtendedKeyUsage::ServerAuth));
  EXPECT_TRUE(purposes->has(x509::ExtendedKeyUsage::ClientAuth));
  for (const auto& id : {x509::oid::subject_key_id, x509::oid::authority_key_id}) {
    EXPECT_NE(x509::find_extension(leaf.extensions(), id), nullptr);
  }
  const auto* names = x509::find_extension(leaf.extensions(), x509::oid::subject_alt_name);
  ASSERT_NE(names, nullptr);
  EXPECT_TRUE(names->critical);
  EXPECT_EQ(x509::SubjectAltNames::parse(names->value)->dns,
            std::vector<std::string>{"keep.example"});
  const auto result = result_of(leaf);
  EXPECT_EQ(result.technology, evidence::Technology::Snp);
  EXPECT_EQ(result.status, evidence::TrustTier::Contraindicated);  // below a fake root
  EXPECT_TRUE(std::ranges::equal(result.measurement, keep.measurement().view()));
  EXPECT_TRUE(result.simulator);
  EXPECT_FALSE(result.debug);
  EXPECT_EQ(result.issued, test_now);
  EXPECT_EQ(result.build, "merlon-steward test");
  EXPECT_EQ(result.policy, crypto::sha256({core::as_bytes("a policy")}));
  EXPECT_EQ(result.policy, steward.policy_digest());
  const auto parsed = x509::CertificateRequest::parse(request);
  EXPECT_EQ(result.evidence, crypto::sha256({parsed->extensions()[0].value}));
  ASSERT_EQ(answer->issuances.size(), 1U);
  const Issuance& issued = answer->issuances[0];
  EXPECT_TRUE(std::ranges::equal(issued.serial, leaf.serial()));
  EXPECT_EQ(issued.key_digest, crypto::sha256({keep.key.spki()}));
  EXPECT_EQ(issued.evidence_digest, result.evidence);
  EXPECT_EQ(issued.policy_digest, result.policy);
  EXPECT_EQ(issued.measurement, result.measurement);
  EXPECT_EQ(issued.not_before, leaf.validity().not_before);
  EXPECT_EQ(issued.not_after, leaf.validity().not_after);
}

TEST(Authority, AnIntelKeepGetsACertificateWithItsSignerAndItsStatus) {
  IntelKeep keep;
  const Authority steward = authority(settings_of(keep.intel.policy()));
  const auto answer = steward.certify(RequestForm::Single, keep.request(), keep.own(), now);
  ASSERT_TRUE(answer.has_value()) << answer.error().code << answer.error().got;
  const auto result = result_of(leaf_of(steward, *answer));
  EXPECT_EQ(result.technology, evidence::Technology::Sgx);
  EXPECT_EQ(result.tcb_status, "UpToDate");
  EXPECT_EQ(answer->issuances[0].tcb_status, "UpToDate");
  ASSERT_EQ(result.signers.size(), 1U);
  EXPECT_EQ(result.signers[0].role, "MRSIGNER");
  EXPECT_EQ(result.measurement.size(), 32U);
  // The policy of the fake Intel compares nothing, and the certificate says so.
  EXPECT_EQ(result.status, evidence::TrustTier::Contraindicated);  // below a fake root
  EXPECT_TRUE(
      std::ranges::count(result.remarks, "the policy compares no measurement and no signer"));
}

TEST(Authority, ARequestWithAnotherKeyIsRefusedByTheBinding) {
  AmdKeep keep;
  const Authority steward = authority(settings_of(keep.amd.policy()));
  const SigningKey other(crypto::KeyKind::P384);
  const Bytes replayed = request_with(keep.extension(), other);
  const Refusal refusal = refusal_of(steward, replayed, keep.own());
  EXPECT_EQ(refusal.code, "binding.report-data");
  EXPECT_EQ(refusal.kind, Refusal::Kind::Refused);
  EXPECT_FALSE(refusal.wanted.empty());
  EXPECT_NE(refusal.wanted, refusal.got);
  // In development too: there is no mode in which it is weaker.
  Authority::Settings settings = settings_of(keep.amd.policy());
  settings.development = true;
  EXPECT_EQ(refusal_of(authority(settings), replayed, keep.own()).code, "binding.report-data");
}

TEST(Authority, ARequestThatIsNotSignedByItsKeyIsRefused) {
  AmdKeep keep;
  const Authority steward = authority(settings_of(keep.amd.policy()));
  Bytes request = keep.request();
  request.back() ^= 1U;
  EXPECT_EQ(refusal_of(steward, request, keep.own()).code, "request.signature");
}

/// Whether the answer to a keep with this fault is right: a refusal by one of the checks that must
/// fail, or a certificate where none must. Faults that no request or no Steward's policy can have
/// are passed over.
template <typename Keep, typename Fault>
bool is_answered(const Fault& fault) {
  if (fault.name == "no request") return false;
  Keep keep;
  verify::Policy policy = keep.fake().policy();
  fault.make(keep.fake(), policy);
  if (!std::holds_alternative<verify::BindToRequest>(policy.binding)) return false;
  const auto steward = Authority::create(ca_issuer(), settings_of(policy));
  if (!steward) return false;
  const auto answer = steward->certify(RequestForm::Single, keep.request(), keep.own(), now);
  if (answer) {
    EXPECT_TRUE(fault.refused.empty()) << fault.name;
    return true;
  }
  const std::string& code = answer.error().code;
  const bool named = std::ranges::any_of(
      fault.refused, [&](verify::Check check) { return row_of(check).name == code; });
  // What is waived to this very second is accepted, for no time at all.
  const bool over = fault.refused.empty() && code == "evidence.over";
  EXPECT_TRUE(named || over || code == "request.evidence-form") << fault.name << ": " << code;
  return true;
}

TEST(Authority, EveryFaultOfEvidenceIsRefusedByACheckOfItsOwn) {
  std::size_t answered = 0;
  for (const auto& fault : verify::testing::snp_faults()) answered += is_answered<AmdKeep>(fault);
  for (const auto& fault : verify::testing::sgx_faults()) answered += is_answered<IntelKeep>(fault);
  for (const auto& fault : verify::testing::dcap_faults()) {
    answered += is_answered<IntelKeep>(fault);
  }
  EXPECT_GT(answered, 100U);
}

TEST(Authority, WhatTheVendorWouldGiveIsWaitedFor) {
  AmdKeep keep;
  const Authority steward = authority(settings_of(keep.amd.policy()));
  const Bytes request = keep.request();
  const Refusal missing = refusal_of(steward, request);
  EXPECT_EQ(missing.kind, Refusal::Kind::NotNow);
  EXPECT_EQ(missing.code, "snp.ca-revocation");
  const Moment later = Moment::asked_for({test_now.seconds + 11 * codec::seconds_per_day});
  const Refusal stale = refusal_of(steward, request, keep.own(), RequestForm::Single, later);
  EXPECT_EQ(stale.kind, Refusal::Kind::NotNow);
  // A workload that is wrong stays wrong, whatever is missing.
  keep.amd.report[0x08 + 2] |= 8U;  // POLICY.DEBUG
  const Refusal debug = refusal_of(steward, keep.request());
  EXPECT_EQ(debug.kind, Refusal::Kind::Refused);
  EXPECT_EQ(debug.code, "snp.debug");
  IntelKeep intel;
  const Authority other = authority(settings_of(intel.intel.policy()));
  EXPECT_EQ(refusal_of(other, intel.request()).kind, Refusal::Kind::NotNow);
}

TEST(Authority, NoCertificateOutlivesWhatItHangsOn) {
  AmdKeep keep;
  keep.amd.list.next_update = {test_now.seconds + 3600};
  Authority::Settings settings = settings_of(keep.amd.policy());
  settings.lifetime = std::chrono::hours(48);
  const Authority steward = authority(settings);
  const auto answer = steward.certify(RequestForm::Single, keep.request(), keep.own(), now);
  ASSERT_TRUE(answer.has_value()) << answer.error().code;
  EXPECT_EQ(answer->issuances[0].not_after, (codec::UnixTime{test_now.seconds + 3600}));
  EXPECT_EQ(answer->issuances[0].evidence_until, (codec::UnixTime{test_now.seconds + 3600}));

  keep.amd.list.next_update = {test_now.seconds + 10 * codec::seconds_per_day};
  auto short_lived = Authority::create(
      ca_issuer({test_now.seconds - 60}, {test_now.seconds + 7200}), std::move(settings));
  ASSERT_TRUE(short_lived.has_value());
  EXPECT_EQ(short_lived->issuer_end(), (codec::UnixTime{test_now.seconds + 7200}));
  const auto other = short_lived->certify(RequestForm::Single, keep.request(), keep.own(), now);
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->issuances[0].not_after, (codec::UnixTime{test_now.seconds + 7200}));
  EXPECT_EQ(other->issuances[0].not_before, (codec::UnixTime{test_now.seconds - 60}));
  const Refusal over = refusal_of(*short_lived, keep.request(), keep.own(), RequestForm::Single,
                                  Moment::asked_for({test_now.seconds + 7201}));
  EXPECT_EQ(over.code, "issuer.validity");
  EXPECT_EQ(over.kind, Refusal::Kind::Internal);
}

TEST(Authority, SimulatorsAreForDevelopmentOnly) {
  AmdKeep keep("SIMULATOR");
  verify::Policy policy = keep.amd.policy();
  policy.snp.product = verify::Accept<snp::Product>({snp::Product::Simulator});
  policy.snp.measurement = verify::Accept<snp::LaunchDigest>({keep.measurement()});
  Authority::Settings settings = settings_of(policy);
  settings.development = false;
  EXPECT_FALSE(Authority::create(ca_issuer(), settings).has_value());
  settings.development = true;
  const Authority steward = authority(settings);
  const auto answer = steward.certify(RequestForm::Single, keep.request(), keep.own(), now);
  ASSERT_TRUE(answer.has_value()) << answer.error().code << answer.error().got;
  const auto result = result_of(leaf_of(steward, *answer));
  EXPECT_TRUE(result.simulator);
  EXPECT_TRUE(answer->issuances[0].simulator);
  EXPECT_EQ(result.status, evidence::TrustTier::Contraindicated);
  EXPECT_TRUE(result.remarks[0].starts_with("SIMULATOR"));
  // A policy that does not name it accepts none, in development neither.
  const Authority strict = authority(settings_of(keep.amd.policy()));
  EXPECT_EQ(refusal_of(strict, keep.request(), keep.own()).code, "snp.product");
}

TEST(Authority, WhateverARootOfThePolicysIsCalledItIsNoVendors) {
  AmdKeep amd;
  IntelKeep intel;
  const auto refused = [](const auto& keep, const verify::Policy& policy) {
    Authority::Settings settings = settings_of(policy);
    settings.development = false;
    return refusal_of(authority(settings), keep.request(), keep.own()).code;
  };
  EXPECT_EQ(refused(amd, amd.amd.policy()), "request.simulator");
  EXPECT_EQ(refused(intel, intel.intel.policy()), "request.simulator");
}

TEST(Authority, WhatADebuggerCanReadIsSoInItsCertificate) {
  AmdKeep keep;
  keep.amd.report[0x08 + 2] |= 8U;  // POLICY.DEBUG
  verify::Policy policy = keep.amd.policy();
  policy.snp.debug = true;
  policy.snp.measurement = verify::Accept<snp::LaunchDigest>({keep.measurement()});
  const Authority steward = authority(settings_of(policy));
  const auto answer = steward.certify(RequestForm::Single, keep.request(), keep.own(), now);
  ASSERT_TRUE(answer.has_value()) << answer.error().code;
  const auto result = result_of(leaf_of(steward, *answer));
  EXPECT_TRUE(result.debug);
  EXPECT_EQ(result.vector.memory, evidence::TrustVector::visible_memory);
  EXPECT_EQ(result.status, evidence::TrustTier::Contraindicated);
  EXPECT_TRUE(std::ranges::count(result.remarks, "a debugger can read this keep"));
}

TEST(Authority, KnownWeaknessesThatThePolicyWaivesAreInTheCertificate) {
  AmdKeep keep;
  for (const std::size_t at : {0x38U, 0x180U, 0x1E0U, 0x1F0U}) keep.amd.report[at + 7] = 93;
  keep.amd.endorsed.tcb.microcode = 93;
  verify::Policy policy = keep.amd.policy();
  policy.snp.measurement = verify::Accept<snp::LaunchDigest>({keep.measurement()});
  EXPECT_EQ(refusal_of(authority(settings_of(policy)), keep.request(), keep.own()).code,
            "snp.bulletins");
  for (const std::string_view name : {"AMD-SB-3019", "AMD-SB-3020", "AMD-SB-3030"}) {
    policy.snp.waivers.push_back({std::string(name), {test_now.seconds + 3600}});
  }
  const Authority steward = authority(settings_of(policy));
  const auto answer = steward.certify(RequestForm::Single, keep.request(), keep.own(), now);
  ASSERT_TRUE(answer.has_value()) << answer.error().code << answer.error().got;
  const auto result = result_of(leaf_of(steward, *answer));
  EXPECT_TRUE(std::ranges::any_of(result.remarks, [](const std::string& each) {
    return each.starts_with("open advisories: AMD-SB-");
  }));
  // A waiver ends, and with it the certificate.
  EXPECT_EQ(answer->issuances[0].not_after, (codec::UnixTime{test_now.seconds + 3600}));
}

TEST(Authority, KeepsWithoutHardwareAreForDevelopmentOnly) {
  const SigningKey key(crypto::KeyKind::P256);
  const Bytes request = testing::kvm_request(key);
  const Refusal refusal = refusal_of(authority(settings_of(verify::Policy{})), request);
  EXPECT_EQ(refusal.code, "policy.technology");
  EXPECT_EQ(refusal.got, "KVM");
  const Authority steward = in_development();
  const auto answer = steward.certify(RequestForm::Single, request, {}, now);
  ASSERT_TRUE(answer.has_value()) << answer.error().code;
  const auto leaf = leaf_of(steward, *answer);
  const auto result = result_of(leaf);
  EXPECT_EQ(result.technology, evidence::Technology::Kvm);
  EXPECT_EQ(result.status, evidence::TrustTier::Contraindicated);
  EXPECT_TRUE(result.measurement.empty());
  constexpr codec::Oid kvm{1, 3, 6, 1, 4, 1, 58270, 1, 1};
  const auto* copied = x509::find_extension(leaf.extensions(), kvm);
  ASSERT_NE(copied, nullptr);
  EXPECT_TRUE(copied->value.empty());
}

// Cases of Enarx's own tests [ENARX crates/server].

Bytes bundle_of(const std::vector<Bytes>& requests) {
  codec::DerBytes all;
  for (const Bytes& each : requests) all.insert(all.end(), each.begin(), each.end());
  return codec::der_value(codec::DerTag::Sequence, all);
}

TEST(Authority, ABundleOfOneIsAnsweredInItsOwnForm) {
  const Authority steward = in_development();
  const Bytes body = bundle_of({testing::kvm_request(SigningKey(crypto::KeyKind::P256))});
  const auto answer = steward.certify(RequestForm::Bundle, body, {}, now);
  ASSERT_TRUE(answer.has_value()) << answer.error().code;
  const auto output = elements_of(answer->body);
  ASSERT_EQ(output.size(), 2U);
  EXPECT_EQ(elements_of(output[0]), std::vector<Bytes>{steward.chain()[0]});
  EXPECT_EQ(elements_of(output[1]).size(), 1U);
}

TEST(Authority, ABundleOfFiveGetsFive) {
  const Authority steward = in_development();
  std::vector<Bytes> different;
  for (int i = 0; i < 5; ++i) {
    different.push_back(testing::kvm_request(SigningKey(crypto::KeyKind::P256)));
  }
  // Enarx's own test sends one request five times.
  for (const auto& requests : {different, std::vector<Bytes>(5, different[0])}) {
    const auto answer = steward.certify(RequestForm::Bundle, bundle_of(requests), {}, now);
    ASSERT_TRUE(answer.has_value()) << answer.error().code;
    const auto issued = elements_of(elements_of(answer->body)[1]);
    ASSERT_EQ(issued.size(), 5U);
    ASSERT_EQ(answer->issuances.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
      const auto leaf = Certificate::parse(issued[i]);
      ASSERT_TRUE(leaf.has_value());
      const auto request = x509::CertificateRequest::parse(requests[i]);
      EXPECT_TRUE(std::ranges::equal(leaf->key().spki, request->key().spki));
      for (std::size_t j = 0; j < i; ++j) {
        EXPECT_NE(answer->issuances[i].serial, answer->issuances[j].serial);
      }
    }
  }
}

TEST(Authority, ARequestWithoutEvidenceIsTold) {
  const SigningKey key(crypto::KeyKind::P256);
  const Bytes request = x509::testing::issue_request({}, key);
  const Bytes empty_list = x509::testing::issue_request({{}}, key);
  for (const Authority& steward : {in_development(), authority(settings_of(verify::Policy{}))}) {
    for (const Bytes& each : {request, empty_list}) {
      EXPECT_EQ(refusal_of(steward, each).kind, Refusal::Kind::NoEvidence);
      EXPECT_EQ(refusal_of(steward, bundle_of({each}), {}, RequestForm::Bundle).kind,
                Refusal::Kind::NoEvidence);
    }
  }
}

TEST(Authority, WhatIsNoRequestIsMalformed) {
  const Authority steward = in_development();
  const SigningKey key(crypto::KeyKind::P256);
  const Bytes good = testing::kvm_request(key);
  Bytes longer = good;
  longer.push_back(0);
  for (const Bytes& body :
       {Bytes{}, Bytes{1, 2, 3, 4}, longer, Bytes(good.begin(), good.end() - 1)}) {
    for (const RequestForm form : {RequestForm::Single, RequestForm::Bundle}) {
      const Refusal refusal = refusal_of(steward, body, {}, form);
      EXPECT_EQ(refusal.kind, Refusal::Kind::Malformed);
      EXPECT_EQ(refusal.code, "request.form");
    }
  }
  // A request in place of a bundle, and the other way round.
  EXPECT_EQ(refusal_of(steward, good, {}, RequestForm::Bundle).kind, Refusal::Kind::Malformed);
  EXPECT_EQ(refusal_of(steward, bundle_of({good})).kind, Refusal::Kind::Malformed);
  const Bytes bad_signature = [&] {
    Bytes made = x509::testing::issue_request({}, key);
    made.back() = static_cast<std::uint8_t>(made.back() + 1);
    return made;
  }();
  EXPECT_EQ(refusal_of(steward, bundle_of({bad_signature}), {}, RequestForm::Bundle).kind,
            Refusal::Kind::Malformed);
}

TEST(Authority, OneBadRequestFailsTheBundle) {
  const Authority steward = in_development();
  const Bytes good = testing::kvm_request(SigningKey(crypto::KeyKind::P256));
  const SigningKey key(crypto::KeyKind::P256);
  const Bytes bad = x509::testing::issue_request({}, key);
  const Refusal refusal = refusal_of(steward, bundle_of({good, bad}), {}, RequestForm::Bundle);
  EXPECT_EQ(refusal.code, "request.evidence");
  EXPECT_EQ(refusal.request, 1U);
}

TEST(Authority, OneKeyInTwoRequestsIsRefusedByName) {
  const Authority steward = in_development();
  const SigningKey key(crypto::KeyKind::P256);
  // ECDSA signs anew each time, so these differ.
  const Bytes body = bundle_of({testing::kvm_request(key), testing::kvm_request(key)});
  const Refusal refusal = refusal_of(steward, body, {}, RequestForm::Bundle);
  EXPECT_EQ(refusal.code, "request.key-twice");
  EXPECT_EQ(refusal.request, 1U);
}

TEST(Authority, WorkIsBounded) {
  const Authority steward = in_development();
  const Bytes one = testing::kvm_request(SigningKey(crypto::KeyKind::P256));
  const Refusal many =
      refusal_of(steward, bundle_of(std::vector<Bytes>(17, one)), {}, RequestForm::Bundle);
  EXPECT_EQ(many.code, "request.count");
  EXPECT_EQ(many.kind, Refusal::Kind::TooLarge);
  EXPECT_TRUE(steward.certify(RequestForm::Bundle, bundle_of(std::vector<Bytes>(16, one)), {}, now)
                  .has_value());
  const Refusal large = refusal_of(steward, Bytes(max_body_size + 1, 0x30));
  EXPECT_EQ(large.code, "request.size");
  EXPECT_EQ(large.kind, Refusal::Kind::TooLarge);
  EXPECT_TRUE(steward.certify(RequestForm::Bundle, bundle_of({}), {}, now).has_value());
}

TEST(Authority, WhatComesAlongIsBoundedOverAllOfABundle) {
  AmdKeep keep;
  keep.lists = 70;
  EXPECT_EQ(refusal_of(in_development(), keep.request()).code, "request.evidence-form");
  keep.lists = 63;  // and the VCEK
  const Authority steward = authority(settings_of(keep.amd.policy()));
  std::vector<Bytes> requests;
  for (int i = 0; i < 5; ++i) requests.push_back(keep.with_another_key().request());
  const Refusal refusal = refusal_of(steward, bundle_of(requests), keep.own(), RequestForm::Bundle);
  EXPECT_EQ(refusal.code, "request.carried");
  EXPECT_EQ(refusal.kind, Refusal::Kind::TooLarge);
  EXPECT_EQ(refusal.request, 4U);
  requests.pop_back();
  EXPECT_TRUE(
      steward.certify(RequestForm::Bundle, bundle_of(requests), keep.own(), now).has_value());
}

/// One alteration of what a keep sends: bytes changed, cut or repeated, under the keep's signature
/// or an attacker's over it.
Bytes altered(const Bytes& bytes, std::mt19937& random) {
  Bytes made = bytes;
  const auto place = [&] {
    return made.begin() + static_cast<std::ptrdiff_t>(random() % made.size());
  };
  switch (random() % 4) {
    case 0: *place() ^= static_cast<std::uint8_t>(1U << random() % 8); break;
    case 1: *place() = static_cast<std::uint8_t>(random()); break;
    case 2: made.erase(place(), made.end()); break;
    case 3: {
      const auto from = static_cast<std::size_t>(place() - made.begin());
      const std::size_t size = std::min<std::size_t>(1 + random() % 64, made.size() - from);
      const Bytes piece(made.begin() + static_cast<std::ptrdiff_t>(from),
                        made.begin() + static_cast<std::ptrdiff_t>(from + size));
      made.insert(place(), piece.begin(), piece.end());
      break;
    }
  }
  return made;
}

TEST(Authority, NoAlterationGetsACertificateForAKeyOutsideOfAKeep) {
  const char* asked = std::getenv("MERLON_STEWARD_CASES");
  const int cases = asked == nullptr ? 1500 : std::atoi(asked);
  AmdKeep amd;
  IntelKeep intel;
  const Authority for_amd = authority(settings_of(amd.amd.policy()));
  const Authority for_intel = authority(settings_of(intel.intel.policy()));
  const Collateral amds = amd.own();
  const Collateral intels = intel.own();
  const Bytes amd_request = amd.request();
  const Bytes intel_request = intel.request();
  const Bytes amd_extension = amd.extension();
  const Bytes intel_extension = intel.extension();
  const SigningKey attacker(crypto::KeyKind::P256);
  std::mt19937 random(20'261'128);
  int certified = 0;
  for (int i = 0; i < cases; ++i) {
    const bool is_amd = random() % 2 == 0;
    const bool own_signature = random() % 2 == 0;
    const Bytes& extension = is_amd ? amd_extension : intel_extension;
    const Bytes body = own_signature ? altered(is_amd ? amd_request : intel_request, random)
                                     : request_with(altered(extension, random), attacker);
    const auto answer = (is_amd ? for_amd : for_intel)
                            .certify(RequestForm::Single, body, is_amd ? amds : intels, now);
    if (!answer) {
      ASSERT_NE(answer.error().kind, Refusal::Kind::Internal) << answer.error().code;
      continue;
    }
    ++certified;
    const auto key = crypto::sha256({is_amd ? amd.key.spki() : intel.key.spki()});
    ASSERT_EQ(answer->issuances[0].key_digest, key) << i;
  }
  // A byte that is replaced by itself is no alteration; more than that would be a surprise.
  EXPECT_LT(certified, cases / 100 + 5);
}

TEST(Authority, WhoCannotIssueDoesNotStart) {
  const auto reason = [](Issuer issuer, const Authority::Settings& settings) {
    auto made = Authority::create(std::move(issuer), settings);
    return made ? std::string() : made.error();
  };
  const Authority::Settings settings = settings_of(verify::Policy{});
  EXPECT_EQ(reason(ca_issuer(), settings), "");
  Issuer none = ca_issuer();
  none.chain.clear();
  EXPECT_EQ(reason(std::move(none), settings), "there is no certificate of the issuer");
  Issuer other = ca_issuer();
  other.chain = ca_issuer().chain;
  EXPECT_NE(reason(std::move(other), settings).find("another key"), std::string::npos);
  Issuer garbage = ca_issuer();
  garbage.chain[0] = {1, 2, 3};
  EXPECT_NE(reason(std::move(garbage), settings), "");
  EXPECT_NE(reason(testing::leaf_issuer(), settings).find("is no CA's"), std::string::npos);

  const auto changed = [&](const auto& change) {
    Authority::Settings made = settings;
    change(made);
    return reason(ca_issuer(), made);
  };
  EXPECT_NE(changed([](auto& s) { s.dns_names = {"not a name"}; }), "");
  EXPECT_NE(changed([](auto& s) { s.dns_names.assign(17, "a"); }), "");
  EXPECT_NE(changed([](auto& s) { s.lifetime = std::chrono::seconds(0); }), "");
  EXPECT_NE(changed([](auto& s) { s.lifetime = std::chrono::hours(24 * 400); }), "");
  EXPECT_NE(changed([](auto& s) { s.backdate = std::chrono::seconds(-1); }), "");
  EXPECT_NE(changed([](auto& s) { s.policy.binding = verify::BindToAnything{}; }), "");
  EXPECT_NE(changed([](auto& s) { s.policy.binding = verify::BindToKey{}; }), "");
  EXPECT_NE(changed([](auto& s) { s.policy.technologies.clear(); }), "");
  EXPECT_NE(changed([](auto& s) {
              s.policy.snp.measurement = verify::Accept(std::vector<snp::LaunchDigest>{});
            }),
            "");
}

TEST(Authority, AnIssuerIsReadFromPem) {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::P384);
  ASSERT_TRUE(key.has_value());
  const Issuer made = ca_issuer();
  const std::string certificate = codec::to_pem("CERTIFICATE", made.chain[0]);
  const auto pem = made.key.to_pem();
  ASSERT_TRUE(pem.has_value());
  auto issuer = Issuer::from_pem(core::as_bytes(certificate), pem->reveal());
  ASSERT_TRUE(issuer.has_value()) << issuer.error();
  EXPECT_EQ(issuer->chain, made.chain);
  EXPECT_TRUE(Authority::create(*std::move(issuer), settings_of(verify::Policy{})).has_value());
  EXPECT_FALSE(Issuer::from_pem(core::as_bytes(certificate), core::as_bytes("x")).has_value());
  EXPECT_FALSE(
      Issuer::from_pem(core::as_bytes("-----BEGIN CERTIFICATE-----\n"), pem->reveal()).has_value());
}

TEST(Authority, AChainIsServedWhole) {
  const testing::TwoCas two;
  auto steward = Authority::create(two.issuer(), [] {
    Authority::Settings settings = settings_of(verify::Policy{});
    settings.development = true;
    return settings;
  }());
  ASSERT_TRUE(steward.has_value()) << steward.error();
  const auto answer = steward->certify(
      RequestForm::Single, testing::kvm_request(SigningKey(crypto::KeyKind::P256)), {}, now);
  ASSERT_TRUE(answer.has_value());
  const auto path = elements_of(answer->body);
  ASSERT_EQ(path.size(), 3U);
  EXPECT_EQ(path[0], two.root);
  EXPECT_EQ(path[1], two.intermediate);
}

TEST(Authority, AnyNumberOfThreadsIssueAtOnce) {
  AmdKeep keep;
  const Authority steward = authority(settings_of(keep.amd.policy()));
  const Bytes request = keep.request();
  const Collateral own = keep.own();
  std::atomic<int> issued = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 10; ++j) {
        if (steward.certify(RequestForm::Single, request, own, now)) ++issued;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(issued, 40);
}

}  // namespace
}  // namespace merlon::steward
