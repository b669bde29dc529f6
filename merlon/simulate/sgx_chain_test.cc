#include "merlon/simulate/sgx_chain.h"

#include "merlon/sgx/quote.h"
#include "merlon/simulate/testing/sgx_machine.h"

namespace merlon::simulate {
namespace {

using core::ErrorCode;
using testing::sgx_machine;
using testing::sgx_now;
using Bytes = std::vector<std::uint8_t>;

TEST(SgxChain, SaysThatItIsASimulatorsWhereverItCan) {
  const SgxChain& chain = sgx_machine().chain;
  for (const auto* each : {&chain.root_certificate(), &chain.ca(), &chain.pck(), &chain.signer()}) {
    const std::string_view der = core::as_text(each->der());
    EXPECT_NE(der.find("SIMULATOR: not confidential"), std::string::npos);
    EXPECT_NE(der.find("Merlon SIMULATOR"), std::string::npos);
    EXPECT_FALSE(each->has_unknown_critical());
  }
  EXPECT_TRUE(is_simulator(chain.platform().fmspc));
  EXPECT_TRUE(core::as_text(chain.platform().ppid.view()).starts_with("SIMULATOR"));
  EXPECT_FALSE(chain.is_revoked());
  EXPECT_EQ(chain.status(), sgx::TcbStatus::UpToDate);
}

const NewSgxMachine& other_machine() {
  static const NewSgxMachine made = make_sgx_machine(sgx_now).value();
  return made;
}

TEST(SgxChain, EachMachineHasKeysOfItsOwn) {
  const NewSgxMachine& other = other_machine();
  EXPECT_NE(other.chain.root(), sgx_machine().chain.root());
  EXPECT_NE(other.chain.platform().ppid, sgx_machine().chain.platform().ppid);
  EXPECT_FALSE(std::ranges::equal(other.keys.fuse.reveal(), sgx_machine().keys.fuse.reveal()));
  EXPECT_TRUE(is_key_of(other.keys.pck, other.chain.pck()));
  EXPECT_FALSE(is_key_of(other.keys.pck, sgx_machine().chain.pck()));
}

TEST(SgxChain, PartsOfTwoMachinesAreNoChain) {
  const SgxChain::Parts own = sgx_machine().chain.parts();
  const SgxChain::Parts foreign = other_machine().chain.parts();
  EXPECT_TRUE(SgxChain::parse(own).has_value());
  for (core::ByteView SgxChain::Parts::* part :
       {&SgxChain::Parts::root, &SgxChain::Parts::ca, &SgxChain::Parts::pck,
        &SgxChain::Parts::signer, &SgxChain::Parts::root_list, &SgxChain::Parts::pck_list}) {
    SgxChain::Parts mixed = own;
    mixed.*part = foreign.*part;
    EXPECT_EQ(SgxChain::parse(mixed).error().code, ErrorCode::Denied);
  }
  for (std::string_view SgxChain::Parts::* part :
       {&SgxChain::Parts::tcb_info, &SgxChain::Parts::qe_identity}) {
    SgxChain::Parts mixed = own;
    mixed.*part = foreign.*part;
    EXPECT_EQ(SgxChain::parse(mixed).error().code, ErrorCode::Denied);
  }
  SgxChain::Parts mixed = own;
  std::swap(mixed.tcb_info, mixed.qe_identity);
  EXPECT_FALSE(SgxChain::parse(mixed).has_value());
  mixed = own;
  std::swap(mixed.root_list, mixed.pck_list);
  EXPECT_EQ(SgxChain::parse(mixed).error().code, ErrorCode::Denied);
}

TEST(SgxChain, RevokingMakesANewerListWithThePlatform) {
  const codec::UnixTime later{sgx_now.seconds + 5};
  const SgxChain revoked = revoke(sgx_machine().chain, sgx_machine().keys.ca, later).value();
  EXPECT_TRUE(revoked.is_revoked());
  EXPECT_TRUE(std::ranges::equal(revoked.pck_list().number(), Bytes{2}));
  EXPECT_EQ(revoked.root(), sgx_machine().chain.root());
  EXPECT_TRUE(revoke(revoked, sgx_machine().keys.ca, later)->is_revoked());
  EXPECT_EQ(revoke(sgx_machine().chain, sgx_machine().keys.root, later).error().code,
            ErrorCode::Denied);
  EXPECT_EQ(update(revoked, sgx_machine().keys.ca, 9, later).error().code, ErrorCode::Denied);
}

TEST(SgxChain, ALevelHasTheStatusThatTheTcbInfoGivesIt) {
  using sgx::TcbStatus;
  for (const auto& [level, status] :
       {std::pair{255, TcbStatus::UpToDate}, std::pair{3, TcbStatus::UpToDate},
        std::pair{2, TcbStatus::OutOfDate}, std::pair{1, TcbStatus::Revoked},
        std::pair{0, TcbStatus::Revoked}}) {
    const auto updated = update(sgx_machine().chain, sgx_machine().keys.ca,
                                static_cast<std::uint8_t>(level), sgx_now);
    EXPECT_EQ(updated->chain.status(), status) << level;
    EXPECT_EQ(updated->chain.platform().components[15], level);
    EXPECT_EQ(updated->chain.platform().cpu_svn.view()[0], level);
    EXPECT_EQ(updated->chain.platform().ppid, sgx_machine().chain.platform().ppid);
    EXPECT_TRUE(is_key_of(updated->pck_key, updated->chain.pck()));
  }
  EXPECT_EQ(update(sgx_machine().chain, sgx_machine().keys.pck, 4, sgx_now).error().code,
            ErrorCode::Denied);
}

TEST(QuotingEnclave, QuotesWhatItsProcessorSays) {
  const SgxPlatform platform = testing::sgx_platform();
  const auto quote = sgx::Quote::parse(testing::quote_of(platform)).value();
  const auto body = sgx::ReportBody::parse(quote.body).value();
  const auto wanted = testing::keep_enclave();
  EXPECT_EQ(EnclaveIdentity::of(body).mr_enclave, wanted.mr_enclave);
  EXPECT_EQ(body.report_data, testing::filled<sgx::ReportData>(0xDA));
  EXPECT_EQ(body.cpu_svn, platform.processor.cpu_svn());
  EXPECT_EQ(quote.pck_chain.size(), platform.pck_chain.size());
}

TEST(QuotingEnclave, TakesNoReportThatWasNotMadeForIt) {
  const SgxPlatform platform = testing::sgx_platform();
  const QuotingEnclave quoting(platform);
  const auto report = platform.processor.ereport(testing::keep_enclave(), quoting.target(), {});
  EXPECT_TRUE(quoting.quote(report.to_bytes()).has_value());
  auto altered = report.to_bytes();
  altered[0x40] ^= 1U;  // MRENCLAVE
  EXPECT_EQ(quoting.quote(altered).error().code, ErrorCode::Denied);
  const auto for_another = platform.processor.ereport(testing::keep_enclave(), {}, {});
  EXPECT_EQ(quoting.quote(for_another.to_bytes()).error().code, ErrorCode::Denied);
  const EnclaveProcessor stranger(crypto::SecretBytes(Bytes(EnclaveProcessor::fuse_size, 1)),
                                  platform.processor.cpu_svn());
  const auto of_another = stranger.ereport(testing::keep_enclave(), quoting.target(), {});
  EXPECT_EQ(quoting.quote(of_another.to_bytes()).error().code, ErrorCode::Denied);
  EXPECT_EQ(quoting.quote(Bytes(431)).error().code, ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::simulate
