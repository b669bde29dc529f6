// What the verifier says of a guest on a simulated machine: accepted by who names that very root,
// refused by everybody else, and after it was revoked by all.

#include <functional>

#include "merlon/simulate/testing/fake_host.h"
#include "merlon/verify/verifier.h"

namespace merlon::simulate {
namespace {

using testing::Bytes;
using testing::FakeGuest;
using testing::FirmwareCommand;
using testing::test_now;
using verify::Check;
using verify::Policy;

const Chain& chain() { return testing::machine().chain; }

/// A report of a guest that was launched from `pages`, for report data of `data`.
Bytes report_of(const std::vector<launch::FirmwareRequest>& pages, std::uint32_t vmpl = 0) {
  const Platform platform = testing::platform();
  Server server = Server::create(platform, std::nullopt).value();
  const FakeGuest guest(testing::launch_guest(server, pages));
  return guest.response(server.answer(guest.ask(1, 0xDA, vmpl)).value().value(), 2).report;
}

/// As a relying party reads it: from the certificate table, or from files.
evidence::Endorsements endorsements_of(const Chain& chain) {
  evidence::Endorsements all;
  EXPECT_TRUE(all.add_table(table_of(chain.parts())).has_value());
  EXPECT_EQ(all.certificates.size(), 3U);
  EXPECT_EQ(all.revocation_lists.size(), 1U);
  return all;
}

Policy that_names(const Chain& chain) {
  Policy policy;
  policy.technologies = {evidence::Technology::Snp};
  policy.roots = {chain.root()};
  policy.snp.product = verify::Accept<snp::Product>({snp::Product::Simulator});
  policy.snp.measurement = verify::Accept<snp::LaunchDigest>({testing::digest_of_pages()});
  policy.snp.chip_id = verify::Accept<snp::ChipId>({chain.endorsed().chip_id});
  policy.snp.platform[static_cast<std::size_t>(snp::PlatformBit::AliasCheckComplete)] =
      verify::BitRule::Set;
  policy.binding = verify::BindToData{evidence::ReportData::from(Bytes(64, 0xDA)).value()};
  return policy;
}

std::vector<Check> refusals(core::ByteView report, const Chain& of, const Policy& policy) {
  const auto evidence = evidence::Evidence::parse(report);
  EXPECT_TRUE(evidence.has_value()) << evidence.error().what;
  const auto appraisal =
      verify::appraise(*evidence, verify::Collateral::prepare(endorsements_of(of)), policy,
                       verify::Moment::asked_for({test_now.seconds + 60}));
  const auto list = appraisal.refusals();
  EXPECT_EQ(appraisal.accepted(), list.empty());
  return {list.begin(), list.end()};
}

bool has(const std::vector<Check>& list, Check check) {
  return std::ranges::find(list, check) != list.end();
}

using None = std::vector<Check>;
using One = None;

TEST(SimulatedEvidence, IsAcceptedByAPolicyThatNamesItsRoot) {
  const Bytes report = report_of(testing::pages());
  EXPECT_EQ(refusals(report, chain(), that_names(chain())), None());
}

TEST(SimulatedEvidence, IsRefusedByEveryDefault) {
  const Bytes report = report_of(testing::pages());
  const auto refused = refusals(report, chain(), Policy());
  EXPECT_TRUE(has(refused, Check::SnpAnchor));
  EXPECT_TRUE(has(refused, Check::SnpProduct));
  // The template that `merlon evidence policy init` writes, and an Enarx Steward's empty file.
  const Policy own = Policy::parse(verify::policy_template(), "policy.toml").value();
  EXPECT_TRUE(has(refusals(report, chain(), own), Check::SnpAnchor));
  const Policy steward = Policy::parse_steward("", "steward.toml").value();
  EXPECT_FALSE(refusals(report, chain(), steward).empty());
}

TEST(SimulatedEvidence, NeedsRootAndProductByName) {
  const Bytes report = report_of(testing::pages());
  Policy root_only = that_names(chain());
  root_only.snp.product = {};
  EXPECT_EQ(refusals(report, chain(), root_only), One{Check::SnpProduct});
  Policy product_only = that_names(chain());
  product_only.roots = {};
  EXPECT_TRUE(has(refusals(report, chain(), product_only), Check::SnpAnchor));
  // Another simulator's root.
  const NewMachine other = make_machine(test_now).value();
  Policy others = that_names(chain());
  others.roots = {other.chain.root()};
  EXPECT_TRUE(has(refusals(report, chain(), others), Check::SnpAnchor));
}

TEST(SimulatedEvidence, OneChangedByteIsAnotherMeasurement) {
  auto pages = testing::pages();
  pages.front().payload[4711] ^= 1U;
  const Bytes report = report_of(pages);
  EXPECT_EQ(refusals(report, chain(), that_names(chain())), One{Check::SnpMeasurement});
}

TEST(SimulatedEvidence, IsOfTheLevelThatAskedForIt) {
  const Bytes report = report_of(testing::pages(), 2);
  EXPECT_EQ(refusals(report, chain(), that_names(chain())), One{Check::SnpVmpl});
}

TEST(SimulatedEvidence, IsRefusedOnceItsPlatformIsRevoked) {
  const Bytes report = report_of(testing::pages());
  const Chain revoked = revoke(chain(), testing::machine().ark_key, {test_now.seconds + 5}).value();
  EXPECT_EQ(refusals(report, revoked, that_names(chain())), One{Check::SnpCaRevocation});
}

TEST(SimulatedEvidence, NoAlteredByteOfAReportIsAccepted) {
  const Bytes report = report_of(testing::pages());
  const auto collateral = verify::Collateral::prepare(endorsements_of(chain()));
  const Policy policy = that_names(chain());
  for (std::size_t at = 0; at < report.size(); ++at) {
    Bytes altered = report;
    altered[at] ^= 1U;
    const auto evidence = evidence::Evidence::parse(altered);
    if (!evidence) continue;
    EXPECT_FALSE(verify::appraise(*evidence, collateral, policy,
                                  verify::Moment::asked_for({test_now.seconds + 60}))
                     .accepted())
        << at;
  }
}

}  // namespace
}  // namespace merlon::simulate
