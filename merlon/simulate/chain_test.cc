#include "merlon/simulate/chain.h"

#include <algorithm>

#include "merlon/simulate/issue.h"
#include "merlon/simulate/testing/fake_host.h"
#include "merlon/snp/certificate_table.h"

namespace merlon::simulate {
namespace {

using core::ErrorCode;
using testing::machine;
using testing::test_now;

TEST(Chain, SaysThatItIsASimulatorsWhereverItCan) {
  const Chain& chain = machine().chain;
  EXPECT_EQ(chain.ark().common_name(), "ARK-SIMULATOR");
  EXPECT_EQ(chain.ask().common_name(), "SEV-SIMULATOR");
  EXPECT_EQ(chain.vcek().common_name(), "SEV-VCEK");
  for (const auto* each : {&chain.ark(), &chain.ask(), &chain.vcek()}) {
    EXPECT_NE(core::as_text(each->der()).find("SIMULATOR: not confidential"), std::string::npos);
    EXPECT_FALSE(each->has_unknown_critical());
  }
  EXPECT_TRUE(core::as_text(chain.endorsed().chip_id.view()).starts_with("SIMULATOR"));
  EXPECT_FALSE(chain.is_revoked());
}

TEST(Chain, EachMachineHasKeysOfItsOwn) {
  const NewMachine other = make_machine(test_now).value();
  EXPECT_NE(other.chain.root(), machine().chain.root());
  EXPECT_NE(other.chain.endorsed().chip_id, machine().chain.endorsed().chip_id);
  EXPECT_TRUE(is_key_of(other.vcek_key, other.chain.vcek()));
  EXPECT_TRUE(is_key_of(other.ark_key, other.chain.ark()));
  EXPECT_FALSE(is_key_of(other.vcek_key, machine().chain.vcek()));
  EXPECT_FALSE(is_key_of(other.vcek_key, other.chain.ark()));
}

TEST(Chain, PartsOfTwoMachinesAreNoChain) {
  const NewMachine other = make_machine(test_now).value();
  EXPECT_TRUE(Chain::parse(machine().chain.parts()).has_value());
  for (core::ByteView Chain::Parts::* part :
       {&Chain::Parts::ark, &Chain::Parts::ask, &Chain::Parts::vcek, &Chain::Parts::list}) {
    Chain::Parts mixed = machine().chain.parts();
    mixed.*part = other.chain.parts().*part;
    EXPECT_EQ(Chain::parse(mixed).error().code, ErrorCode::Denied);
  }
  Chain::Parts mixed = machine().chain.parts();
  std::swap(mixed.ark, mixed.ask);
  EXPECT_EQ(Chain::parse(mixed).error().code, ErrorCode::Denied);
}

TEST(Chain, NoAlteredBitIsTaken) {
  const Chain& chain = machine().chain;
  for (core::ByteView Chain::Parts::* part :
       {&Chain::Parts::ask, &Chain::Parts::vcek, &Chain::Parts::list}) {
    const core::ByteView whole = chain.parts().*part;
    for (std::size_t at = 0; at < whole.size(); at += 3) {
      testing::Bytes altered(whole.begin(), whole.end());
      altered[at] = static_cast<std::uint8_t>(altered[at] ^ 1U << at % 8);
      Chain::Parts parts = chain.parts();
      parts.*part = altered;
      EXPECT_FALSE(Chain::parse(parts).has_value()) << at;
    }
  }
}

TEST(Chain, ItsTableHasAllOfIt) {
  const Chain& chain = machine().chain;
  const auto bytes = table_of(chain.parts());
  const auto table = snp::parse_certificate_table(bytes).value();
  using enum snp::TableEntryKind;
  const std::vector<std::pair<snp::TableEntryKind, core::ByteView>> wanted{
      {Ark, chain.ark().der()},
      {Ask, chain.ask().der()},
      {Vcek, chain.vcek().der()},
      {Crl, chain.list().der()}};
  ASSERT_EQ(table.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(table[i].kind, wanted[i].first);
    EXPECT_TRUE(std::ranges::equal(table[i].bytes, wanted[i].second));
  }
}

TEST(Chain, RevokingMakesANewerListWithTheAsk) {
  const codec::UnixTime later{test_now.seconds + 5};
  const Chain revoked = revoke(machine().chain, machine().ark_key, later).value();
  EXPECT_TRUE(revoked.is_revoked());
  EXPECT_TRUE(std::ranges::equal(revoked.list().number(), testing::Bytes{2}));
  EXPECT_EQ(revoked.list().validity().not_before, later);
  EXPECT_EQ(revoked.root(), machine().chain.root());
  const Chain again = revoke(revoked, machine().ark_key, later).value();
  EXPECT_TRUE(again.is_revoked());
  EXPECT_TRUE(std::ranges::equal(again.list().number(), testing::Bytes{3}));
  EXPECT_EQ(revoke(machine().chain, machine().vcek_key, later).error().code, ErrorCode::Denied);
}

}  // namespace
}  // namespace merlon::simulate
