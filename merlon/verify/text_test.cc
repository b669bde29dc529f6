#include "merlon/verify/text.h"

#include <gtest/gtest.h>

namespace merlon::verify {
namespace {

/// Only Turin has an FMC: of others nothing is said about one.
TEST(Text, OfATcbNamesEachPartThatThereIs) {
  snp::TcbComponents tcb{.fmc = 0, .bootloader = 3, .tee = 4, .snp = 5, .microcode = 6};
  EXPECT_EQ(text_of(tcb), "bootloader 3, TEE 4, SNP 5, microcode 6");
  tcb.fmc = 1;
  EXPECT_EQ(text_of(tcb), "FMC 1, bootloader 3, TEE 4, SNP 5, microcode 6");
}

TEST(Text, OfValuesThatAreWantedNamesThreeOfThem) {
  std::array<std::uint8_t, snp::HostData::size> bytes{};
  const snp::HostData one = snp::HostData::from(bytes).value();
  bytes[0] = 0xab;
  const snp::HostData other = snp::HostData::from(bytes).value();
  EXPECT_EQ(wanted_of(Accept<snp::HostData>()), "any");
  EXPECT_EQ(wanted_of(Accept<snp::HostData>({one})), "zero");
  EXPECT_EQ(wanted_of(Accept<snp::HostData>({one, other})), "zero or ab" + std::string(62, '0'));
}

}  // namespace
}  // namespace merlon::verify
