#include "merlon/identity/request.h"

#include <gtest/gtest.h>

#include "merlon/evidence/evidence.h"
#include "merlon/identity/snp_attester.h"
#include "merlon/identity/testing/quoting_machine.h"
#include "merlon/identity/testing/security_processor.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/x509/issue.h"

namespace merlon::identity {
namespace {

using testing::Bytes;
using testing::honest;
using testing::Host;
using testing::test_key;

/// One entry after the other, and the zeros that end a table.
Bytes table_of(const std::vector<std::pair<Bytes, Bytes>>& entries) {
  Bytes head;
  Bytes rest;
  const std::size_t head_size = (entries.size() + 1) * 24;
  const auto word = [&](std::size_t number) {
    for (unsigned i = 0; i < 4; ++i) head.push_back(static_cast<std::uint8_t>(number >> 8 * i));
  };
  for (const auto& [guid, bytes] : entries) {
    head.insert(head.end(), guid.begin(), guid.end());
    word(head_size + rest.size());
    word(bytes.size());
    rest.insert(rest.end(), bytes.begin(), bytes.end());
  }
  head.resize(head_size, 0);
  head.insert(head.end(), rest.begin(), rest.end());
  return head;
}

const Bytes vcek_guid{0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                      0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd};

const Bytes crl_guid{0x92, 0xf8, 0x1b, 0xc3, 0x58, 0x11, 0x4d, 0x3d,
                     0x97, 0xff, 0xd1, 0x9f, 0x88, 0xdc, 0x67, 0xea};

/// Some certificate of a key of ours.
Bytes some_certificate() {
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::P384).value();
  x509::NewCertificate made;
  made.serial = {1};
  made.issuer = made.subject = {"", "SEV-VCEK"};
  made.not_before = codec::UnixTime{0};
  made.not_after = codec::UnixTime{1'000'000'000};
  made.key = x509::subject_public_key_info(key.kind(), key.point().value());
  const auto algorithm = x509::SignatureAlgorithm::EcdsaSha384;
  const auto message = to_be_signed(made, algorithm);
  const auto numbers =
      key.sign_ecdsa(crypto::Digest::of(crypto::HashKind::Sha384, message)).value();
  return x509::with_signature(message, algorithm,
                              crypto::EcdsaSignature::from_halves(numbers).value());
}

core::Result<Bytes> request_of(const SessionKeys& keys, Attester& attester, const Bytes& table) {
  const auto evidence = TRY(attester.evidence_for(keys.as_enarx(attester.technology())));
  return certification_request(keys, attester.technology(), evidence, table);
}

TEST(CertificationRequest, IsReadByTheVerifierAsEnarxWrites) {
  Host host(honest);
  SnpAttester attester(test_key(), host);
  const auto keys = SessionKeys::generate(attester.technology()).value();
  const auto request = request_of(keys, attester, table_of({{vcek_guid, some_certificate()}}));
  ASSERT_TRUE(request.has_value()) << request.error().message();
  const auto read = evidence::Evidence::parse(*request);
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(read->technology(), evidence::Technology::Snp);
  ASSERT_TRUE(read->key.has_value());
  EXPECT_TRUE(read->key->proven);
  EXPECT_EQ(read->key->spki, keys.tls_spki());
  EXPECT_EQ(evidence::report_data_of(*read), keys.as_enarx(evidence::Technology::Snp));
  EXPECT_EQ(keys.tls().kind(), crypto::KeyKind::P384);
}

TEST(CertificationRequest, NeedsAVcekFromTheHost) {
  Host host(honest);
  SnpAttester attester(test_key(), host);
  const auto keys = SessionKeys::generate(attester.technology()).value();
  const auto request = request_of(keys, attester, table_of({}));
  ASSERT_FALSE(request.has_value());
  EXPECT_EQ(request.error().code, core::ErrorCode::NotFound);
  EXPECT_FALSE(request_of(keys, attester, Bytes(3, 1)).has_value());
}

TEST(CertificationRequest, OfWhatTheHostGivesOnlyWholeValuesAreSigned) {
  const Bytes certificate = some_certificate();
  for (const bool is_list : {false, true}) {
    for (const int what : {0, 1, 2}) {
      Bytes bytes = certificate;
      if (what == 0) bytes.push_back(0);
      if (what == 1) bytes.pop_back();
      if (what == 2) bytes = {0x04, 0x01, 0x00};
      Host host(honest);
      SnpAttester attester(test_key(), host);
      const auto keys = SessionKeys::generate(attester.technology()).value();
      const Bytes table = is_list ? table_of({{vcek_guid, certificate}, {crl_guid, bytes}})
                                  : table_of({{vcek_guid, bytes}});
      EXPECT_FALSE(request_of(keys, attester, table).has_value()) << is_list << what;
    }
  }
}

TEST(CertificationRequest, OfAnEnclaveHasItsQuoteAndWhatIntelSays) {
  testing::QuotingMachine machine;
  SgxAttester attester(machine);
  const auto keys = SessionKeys::generate(attester.technology()).value();
  const Bytes element{0x30, 0x00};
  const auto lists = sgx::crl_list({{"https://a.example/crl", element}});
  const auto package = sgx::tcb_package({element}, "{}");
  const auto request = request_of(keys, attester, sgx::platform_collateral(lists, package, ""));
  ASSERT_TRUE(request.has_value()) << request.error().message();
  const auto read = evidence::Evidence::parse(*request);
  ASSERT_TRUE(read.has_value()) << read.error().message();
  EXPECT_EQ(read->technology(), evidence::Technology::Sgx);
  EXPECT_TRUE(read->key.has_value() && read->key->proven);
  EXPECT_EQ(evidence::report_data_of(*read), keys.as_enarx(evidence::Technology::Sgx));
}

TEST(CertificationRequest, OfAnEnclaveNeedsWhatIntelSays) {
  testing::QuotingMachine machine;
  SgxAttester attester(machine);
  const auto keys = SessionKeys::generate(attester.technology()).value();
  EXPECT_EQ(request_of(keys, attester, {}).error().code, core::ErrorCode::NotFound);
  EXPECT_EQ(request_of(keys, attester, Bytes(3, 1)).error().code, core::ErrorCode::Malformed);
}

TEST(CertificationRequest, OfAKeepThatNothingAttestsSaysSo) {
  const auto keys = SessionKeys::generate(evidence::Technology::Kvm).value();
  const auto request = certification_request(keys, evidence::Technology::Kvm, {}, {});
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(evidence::Evidence::parse(*request)->technology(), evidence::Technology::Kvm);
  EXPECT_EQ(certification_request(keys, evidence::Technology::Tdx, {}, {}).error().code,
            core::ErrorCode::Unsupported);
}

TEST(SessionKeys, AreNewForEachKeepAndBoundToANonce) {
  const auto one = SessionKeys::generate(evidence::Technology::Snp).value();
  const auto two = SessionKeys::generate(evidence::Technology::Snp).value();
  const evidence::Nonce zeros{};
  const auto ones = evidence::Nonce::from(Bytes(32, 1)).value();
  EXPECT_NE(one.bound_to(zeros), two.bound_to(zeros));
  EXPECT_NE(one.bound_to(zeros), one.bound_to(ones));
  EXPECT_EQ(one.bound_to(zeros), one.bound_to(zeros));
  EXPECT_EQ(SessionKeys::generate(evidence::Technology::Sgx)->tls().kind(), crypto::KeyKind::P256);
}

}  // namespace
}  // namespace merlon::identity
