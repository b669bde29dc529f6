// What the verifier says of an enclave on a simulated machine with SGX: accepted by who names that
// very root, refused by everybody else; after it was revoked or became outdated, by all.

#include "merlon/sgx/platform_collateral.h"
#include "merlon/simulate/testing/sgx_machine.h"
#include "merlon/verify/verifier.h"

namespace merlon::simulate {
namespace {

using testing::sgx_machine;
using testing::sgx_now;
using verify::Check;
using verify::Policy;
using Bytes = std::vector<std::uint8_t>;

const SgxChain& chain() { return sgx_machine().chain; }

Bytes quote_of(const EnclaveIdentity& enclave = testing::keep_enclave(),
               const SgxChain& of = chain()) {
  const SgxPlatform platform = testing::sgx_platform(of);
  return testing::quote_of(platform, enclave);
}

evidence::Endorsements endorsements_of(const SgxChain& of) {
  evidence::Endorsements all;
  const SgxChain::Parts parts = of.parts();
  for (const core::ByteView each :
       {parts.root, parts.ca, parts.pck, parts.signer, parts.root_list, parts.pck_list,
        core::as_bytes(parts.tcb_info), core::as_bytes(parts.qe_identity)}) {
    EXPECT_EQ(all.add(each).value(), 1U);
  }
  return all;
}

Policy that_names(const SgxChain& of) {
  Policy policy;
  policy.technologies = {evidence::Technology::Sgx};
  policy.roots = {of.root()};
  policy.sgx.mr_enclave = verify::Accept<sgx::MrEnclave>({testing::keep_enclave().mr_enclave});
  policy.binding = verify::BindToData{evidence::ReportData::from(Bytes(64, 0xDA)).value()};
  return policy;
}

verify::Appraisal judged(core::ByteView quote, const evidence::Endorsements& endorsements,
                         const Policy& policy) {
  const auto evidence = evidence::Evidence::parse(quote);
  EXPECT_TRUE(evidence.has_value()) << evidence.error().what;
  return verify::appraise(*evidence, verify::Collateral::prepare(endorsements), policy,
                          verify::Moment::asked_for({sgx_now.seconds + 60}));
}

using Checks = std::vector<Check>;

Checks refusals(core::ByteView quote, const SgxChain& of, const Policy& policy) {
  const auto appraisal = judged(quote, endorsements_of(of), policy);
  EXPECT_EQ(appraisal.accepted(), appraisal.refusals().empty());
  return appraisal.refusals();
}

bool has(const Checks& list, Check check) { return std::ranges::find(list, check) != list.end(); }

TEST(SimulatedQuote, IsAcceptedByAPolicyThatNamesItsRoot) {
  const auto appraisal = judged(quote_of(), endorsements_of(chain()), that_names(chain()));
  EXPECT_EQ(appraisal.refusals(), Checks());
  EXPECT_TRUE(appraisal.simulated);
  EXPECT_EQ(appraisal.warnings.size(), 1U);
  EXPECT_EQ(appraisal.tcb_status, sgx::TcbStatus::UpToDate);
}

TEST(SimulatedQuote, IsRefusedByEveryDefault) {
  const Bytes quote = quote_of();
  EXPECT_TRUE(has(refusals(quote, chain(), Policy()), Check::PckAnchor));
  const Policy own = Policy::parse(verify::policy_template(), "policy.toml").value();
  EXPECT_TRUE(has(refusals(quote, chain(), own), Check::PckAnchor));
  const Policy steward =
      Policy::parse_steward("[sgx]\nhash = [\"" + std::string(64, 'e') + "\"]\n", "steward.toml")
          .value();
  EXPECT_TRUE(has(refusals(quote, chain(), steward), Check::PckAnchor));
}

TEST(SimulatedQuote, IsNoOtherRootsNorMachines) {
  const NewSgxMachine other = make_sgx_machine(sgx_now).value();
  EXPECT_TRUE(has(refusals(quote_of(), chain(), that_names(other.chain)), Check::PckAnchor));
  // With the other machine's collateral.
  EXPECT_FALSE(refusals(quote_of(), other.chain, that_names(chain())).empty());
  // An attestation key of the other machine's, whose quoting enclave this one does not know.
  SgxPlatform mixed = testing::sgx_platform();
  mixed.pck_key = testing::another_of(other.keys.pck);
  EXPECT_EQ(refusals(testing::quote_of(mixed), chain(), that_names(chain())),
            Checks{Check::QeReportSignature});
}

TEST(SimulatedQuote, IsOfOneEnclaveAndNoDebugger) {
  EnclaveIdentity other = testing::keep_enclave();
  other.mr_enclave = testing::filled<sgx::MrEnclave>(0xE2);
  EXPECT_EQ(refusals(quote_of(other), chain(), that_names(chain())), Checks{Check::MrEnclave});
  EnclaveIdentity debug = testing::keep_enclave();
  debug.flags |= sgx::attribute_debug;
  EXPECT_TRUE(has(refusals(quote_of(debug), chain(), that_names(chain())), Check::SgxDebug));
}

TEST(SimulatedQuote, IsRefusedOnceItsPlatformIsRevoked) {
  const SgxChain revoked = revoke(chain(), sgx_machine().keys.ca, {sgx_now.seconds + 5}).value();
  EXPECT_EQ(refusals(quote_of(), revoked, that_names(chain())), Checks{Check::PckRevocation});
}

TEST(SimulatedQuote, OfAnOutdatedPlatformIsRefused) {
  for (const std::uint8_t level : std::initializer_list<std::uint8_t>{2, 1}) {
    const auto updated = update(chain(), sgx_machine().keys.ca, level, sgx_now).value();
    SgxPlatform platform = testing::sgx_platform(updated.chain);
    platform.pck_key = testing::another_of(updated.pck_key);
    const Bytes quote = testing::quote_of(platform);
    EXPECT_TRUE(has(refusals(quote, updated.chain, that_names(chain())), Check::TcbStatus));
    if (level == 1) continue;
    Policy waives = that_names(chain());
    waives.dcap.statuses.insert(sgx::TcbStatus::OutOfDate);
    EXPECT_EQ(refusals(quote, updated.chain, waives), Checks{Check::Advisories});
  }
}

TEST(SimulatedQuote, NeedsAllOfItsCollateral) {
  const Bytes quote = quote_of();
  const auto all = endorsements_of(chain());
  const auto without = [&](auto part, std::size_t which) {
    auto fewer = all;
    (fewer.*part).erase((fewer.*part).begin() + static_cast<std::ptrdiff_t>(which));
    return judged(quote, fewer, that_names(chain())).refusals();
  };
  using evidence::Endorsements;
  EXPECT_FALSE(without(&Endorsements::documents, 0).empty());
  EXPECT_FALSE(without(&Endorsements::documents, 1).empty());
  EXPECT_FALSE(without(&Endorsements::revocation_lists, 0).empty());
  EXPECT_FALSE(without(&Endorsements::revocation_lists, 1).empty());
  EXPECT_FALSE(without(&Endorsements::certificates, 3).empty());  // the TCB signer's
}

TEST(SimulatedQuote, IsAcceptedByWhatItsHostHas) {
  const SgxChain::Parts parts = chain().parts();
  evidence::Endorsements all;
  EXPECT_TRUE(
      all.add(sgx::platform_collateral(sgx::crl_list({{"", parts.root_list}, {"", parts.pck_list}}),
                                       sgx::tcb_package({parts.signer, parts.root}, parts.tcb_info),
                                       parts.qe_identity))
          .has_value());
  EXPECT_EQ(judged(quote_of(), all, that_names(chain())).refusals(), Checks());
}

TEST(SimulatedQuote, NoAlteredByteIsAccepted) {
  const Bytes quote = quote_of();
  const auto collateral = verify::Collateral::prepare(endorsements_of(chain()));
  const Policy policy = that_names(chain());
  const auto accepts = [&](core::ByteView bytes) {
    const auto evidence = evidence::Evidence::parse(bytes);
    return evidence && verify::appraise(*evidence, collateral, policy,
                                        verify::Moment::asked_for({sgx_now.seconds + 60}))
                           .accepted();
  };
  ASSERT_TRUE(accepts(quote));
  const std::size_t pem = 436 + 128 + 384 + 64 + 2 + 32 + 6;
  for (std::size_t at = 0; at < quote.size(); at += at < pem ? 1 : 7) {
    Bytes altered = quote;
    altered[at] ^= 1U;
    // A line end of PEM may be another one, and says the same.
    EXPECT_FALSE(accepts(altered) && quote[at] != '\n') << at;
  }
}

}  // namespace
}  // namespace merlon::simulate
