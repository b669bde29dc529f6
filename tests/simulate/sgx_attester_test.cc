#include "merlon/identity/sgx_attester.h"

#include "merlon/evidence/evidence.h"
#include "merlon/identity/keys.h"
#include "merlon/identity/request.h"
#include "merlon/sgx/platform_collateral.h"

#include "tests/simulate/enclave.h"

namespace merlon::identity {
namespace {

using core::AttestKind;
using core::ErrorCode;
using testing::Enclave;
using Bytes = Enclave::Bytes;
using Answer = std::optional<core::Result<Bytes>>;

evidence::ReportData data(std::uint8_t with) {
  return evidence::ReportData::from(Bytes(64, with)).value();
}

Bytes collateral() {
  const auto parts = simulate::testing::sgx_machine().chain.parts();
  return sgx::platform_collateral(sgx::crl_list({{"", parts.root_list}, {"", parts.pck_list}}),
                                  sgx::tcb_package({parts.signer, parts.root}, parts.tcb_info),
                                  parts.qe_identity);
}

TEST(SgxAttester, GivesTheQuoteThatWasAskedFor) {
  Enclave enclave;
  enclave.collateral = {1, 2, 3};
  SgxAttester attester(enclave);
  const auto quote = attester.evidence_for(data(7)).value();
  const auto read = evidence::Evidence::parse(quote).value();
  EXPECT_EQ(read.technology(), evidence::Technology::Sgx);
  EXPECT_EQ(evidence::report_data_of(read), data(7));
  EXPECT_TRUE(
      std::ranges::equal(attester.measurement_of(quote).value(), enclave.self.mr_enclave.view()));
  EXPECT_EQ(attester.certificates(), enclave.collateral);
  EXPECT_EQ(attester.technology(), evidence::Technology::Sgx);
}

/// What becomes of evidence where one kind of question is answered otherwise.
ErrorCode outcome(AttestKind meant, const std::function<core::Result<Bytes>(core::ByteView)>& by) {
  Enclave enclave([&](AttestKind kind, core::ByteView sent) {
    return kind == meant ? Answer(by(sent)) : Answer();
  });
  SgxAttester attester(enclave);
  const auto quote = attester.evidence_for(data(7));
  EXPECT_FALSE(quote.has_value());
  return quote ? ErrorCode::Internal : quote.error().code;
}

TEST(SgxAttester, TakesNoOtherReportAndNoOtherQuote) {
  Enclave other;
  other.self.mr_enclave = simulate::testing::filled<sgx::MrEnclave>(0xEE);
  // Of other data; and a quote of another enclave's report, for the same data.
  EXPECT_EQ(outcome(AttestKind::Report,
                    [&](core::ByteView sent) {
                      Bytes asked(sent.begin(), sent.end());
                      asked.back() ^= 1U;
                      return other.honest(AttestKind::Report, asked);
                    }),
            ErrorCode::Denied);
  EXPECT_EQ(outcome(AttestKind::Quote,
                    [&](core::ByteView) {
                      SgxAttester of_other(other);
                      return of_other.evidence_for(data(7));
                    }),
            ErrorCode::Denied);
  Enclave same;
  EXPECT_EQ(outcome(AttestKind::Quote,
                    [&](core::ByteView) {
                      SgxAttester of_same(same);
                      return of_same.evidence_for(data(8));
                    }),
            ErrorCode::Denied);
}

TEST(SgxAttester, AHostThatAnswersWithAnythingGetsNoEvidence) {
  for (const AttestKind kind : {AttestKind::QuoteTarget, AttestKind::Quote, AttestKind::Report}) {
    for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 431, 433, 511, 4096}) {
      EXPECT_NE(outcome(kind, [&](core::ByteView) { return Bytes(size, 1); }), ErrorCode::Internal);
    }
    const auto busy = core::error(ErrorCode::Unavailable, "not now");
    EXPECT_EQ(outcome(kind, [&](core::ByteView) { return busy; }), ErrorCode::Unavailable);
  }
  // A target that is another's: its quoting enclave does not take the report.
  EXPECT_EQ(outcome(AttestKind::QuoteTarget,
                    [](core::ByteView) { return Bytes(sgx::TargetInfo::size, 0); }),
            ErrorCode::Denied);
}

TEST(SgxAttester, NoByteOfItsReportIsQuotedOtherwise) {
  Enclave enclave;
  SgxAttester attester(enclave);
  const Bytes good = attester.evidence_for(data(7)).value();
  for (std::size_t at = 48; at < 48 + sgx::ReportBody::size; at += 5) {
    EXPECT_NE(outcome(AttestKind::Quote,
                      [&](core::ByteView) {
                        Bytes altered = good;
                        altered[at] ^= 1U;
                        return altered;
                      }),
              ErrorCode::Internal)
        << at;
  }
}

Bytes key_of(Enclave& enclave, const KeyVersions& versions) {
  SgxAttester attester(enclave);
  const auto key = attester.platform_key(versions);
  if (!key) return {};
  return {key->reveal().begin(), key->reveal().end()};
}

TEST(SgxAttester, APlatformKeyIsOfThisKeepAndTheseVersions) {
  Enclave enclave;
  SgxAttester attester(enclave);
  const KeyVersions newest = attester.newest_key_versions().value();
  EXPECT_EQ(newest.svn, enclave.self.svn);
  EXPECT_TRUE(std::ranges::equal(newest.tcb.view(), enclave.platform.processor.cpu_svn().view()));
  const Bytes own = key_of(enclave, newest);
  EXPECT_EQ(own.size(), 32U);
  EXPECT_NE(Bytes(own.begin(), own.begin() + 16), Bytes(own.begin() + 16, own.end()));
  Enclave again;
  EXPECT_EQ(key_of(again, newest), own);
  for (const auto change : std::initializer_list<void (*)(simulate::EnclaveIdentity&)>{
           [](auto& e) { e.mr_enclave = {}; }, [](auto& e) { e.flags |= sgx::attribute_debug; },
           [](auto& e) { e.xfrm |= 8; }, [](auto& e) { e.misc_select ^= 1; }}) {
    Enclave other;
    change(other.self);
    EXPECT_NE(key_of(other, newest), own);
  }
  KeyVersions older = newest;
  --older.svn;
  EXPECT_NE(key_of(enclave, older), own);
  EXPECT_EQ(key_of(enclave, older).size(), 32U);
  const auto seed = attester.seed().value();
  EXPECT_EQ(seed.reveal().size(), 32U);
  EXPECT_FALSE(std::ranges::equal(seed.reveal(), own));
}

TEST(SgxAttester, NoKeyIsOfVersionsAboveItsOwn) {
  Enclave enclave;
  SgxAttester attester(enclave);
  const KeyVersions newest = attester.newest_key_versions().value();
  KeyVersions asked = newest;
  ++asked.svn;
  EXPECT_EQ(attester.platform_key(asked).error().code, ErrorCode::Denied);
  asked.svn = 0x1'0000;  // whose lower half is 0
  EXPECT_EQ(attester.platform_key(asked).error().code, ErrorCode::Denied);
  asked = newest;
  asked.tcb = KeyVersions::Tcb::from(Bytes(16, 0xFF)).value();
  EXPECT_EQ(attester.platform_key(asked).error().code, ErrorCode::Denied);
  asked = newest;
  asked.fields = 3;
  EXPECT_EQ(attester.platform_key(asked).error().code, ErrorCode::Unsupported);
  Enclave odd([](AttestKind kind, core::ByteView) {
    return kind == AttestKind::Key ? Answer(Bytes(15, 1)) : Answer();
  });
  EXPECT_EQ(SgxAttester(odd).platform_key(newest).error().code, ErrorCode::Malformed);
}

TEST(SgxAttester, ItsRequestIsReadByTheVerifierAsEnarxWrites) {
  Enclave enclave;
  enclave.collateral = collateral();
  SgxAttester attester(enclave);
  const auto keys = SessionKeys::generate(attester.technology()).value();
  EXPECT_EQ(keys.tls().kind(), crypto::KeyKind::P256);
  const auto quote = attester.evidence_for(keys.as_enarx(attester.technology())).value();
  const auto request =
      certification_request(keys, attester.technology(), quote, attester.certificates());
  ASSERT_TRUE(request.has_value()) << request.error().message();
  const auto read = evidence::Evidence::parse(*request).value();
  EXPECT_EQ(read.technology(), evidence::Technology::Sgx);
  EXPECT_TRUE(read.key->proven);
  EXPECT_EQ(read.key->spki, keys.tls_spki());
  EXPECT_EQ(evidence::report_data_of(read), keys.as_enarx(evidence::Technology::Sgx));
  EXPECT_EQ(read.endorsements.revocation_lists.size(), 2U);
  EXPECT_EQ(read.endorsements.certificates.size(), 2U);
  EXPECT_EQ(read.endorsements.documents.size(), 1U);
}

TEST(SgxAttester, ItsRequestNeedsWhatTheHostHas) {
  Enclave enclave;
  SgxAttester attester(enclave);
  const auto keys = SessionKeys::generate(attester.technology()).value();
  const auto quote = attester.evidence_for(keys.as_enarx(attester.technology())).value();
  const auto with = [&](const Bytes& given) {
    const auto request = certification_request(keys, attester.technology(), quote, given);
    return request ? ErrorCode::Internal : request.error().code;
  };
  EXPECT_EQ(with({}), ErrorCode::NotFound);
  Bytes longer = collateral();
  longer.push_back(0);
  EXPECT_EQ(with(longer), ErrorCode::Malformed);
  EXPECT_EQ(with(Bytes(100, 0x30)), ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::identity
