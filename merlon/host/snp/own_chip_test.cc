#include "merlon/host/snp/own_chip.h"

#include <gtest/gtest.h>

#include "merlon/host/snp/testing/fake_device.h"

namespace merlon::host::snp {
namespace {

using ::merlon::snp::Product;
using testing::FakeDevice;
using testing::FakeMachine;

constexpr std::uint32_t milan = 0x00a0'0f11;

TEST(OwnChip, IsKnownByItsCpuid) {
  EXPECT_EQ(product_of(milan), Product::Milan);
  EXPECT_EQ(product_of(0x00a1'0f11), Product::Genoa);
  EXPECT_EQ(product_of(0x00aa'0f02), Product::Genoa) << "Siena";
  EXPECT_EQ(product_of(0x00b0'0f21), Product::Turin);
  EXPECT_EQ(product_of(0x0083'0f10), std::nullopt) << "Rome has no SNP";
  EXPECT_EQ(product_of(0x000a'0671), std::nullopt) << "Intel";
  EXPECT_EQ(product_of(0), std::nullopt) << "the simulator's, which no processor is";
}

TEST(OwnChip, IsTheFirstSocketsAtTheReportedVersions) {
  FakeMachine machine;
  machine.chip_ids.assign(128, 7);
  machine.chip_ids[63] = 9;
  machine.platform.reported_tcb = 0xd1'14'00'00'00'00'00'03;
  FakeDevice device(machine);
  const auto chip = own_chip(device, milan);
  ASSERT_TRUE(chip.has_value()) << chip.error().text;
  EXPECT_EQ(chip->product, Product::Milan);
  EXPECT_EQ(chip->id.view()[0], 7U);
  EXPECT_EQ(chip->id.view()[63], 9U);
  EXPECT_EQ(chip->levels(), "3.0.20.209");
  EXPECT_EQ(device.open_files(), 0U);
}

TEST(OwnChip, IsUnknownWithoutTheDeviceOrAWholeId) {
  FakeMachine machine;
  machine.has_sev = false;
  FakeDevice none(machine);
  const auto refused = own_chip(none, milan);
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().text.starts_with("/dev/sev: ")) << refused.error().text;
  machine.has_sev = true;
  for (const std::size_t size : {std::size_t{63}, std::size_t{300}}) {
    machine.chip_ids.assign(size, 7);
    FakeDevice device(machine);
    EXPECT_FALSE(own_chip(device, milan).has_value()) << size;
  }
  FakeDevice whole;
  EXPECT_FALSE(own_chip(whole, 0).has_value());
}

}  // namespace
}  // namespace merlon::host::snp
