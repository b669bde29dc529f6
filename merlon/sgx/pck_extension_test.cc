#include "merlon/sgx/pck_extension.h"

#include <gtest/gtest.h>

#include "merlon/sgx/testing/make.h"

namespace merlon::sgx {
namespace {

using codec::testing::Bytes;
using testing::PckShape;

TEST(PckExtension, PartsAreRead) {
  PckShape shape;
  shape.components[0] = 200;  // above 127 an INTEGER takes two bytes
  shape.pce_svn = 300;
  const PckExtension made = PckExtension::parse(testing::pck_extension(shape)).value();
  EXPECT_EQ(made.components[0], 200);
  EXPECT_EQ(made.pce_svn, 300);
  EXPECT_EQ(made.fmspc, *Fmspc::from(Bytes{0, 0x90, 0x6E, 0xA1, 0, 0}));
  EXPECT_FALSE(made.platform_instance.has_value());
}

TEST(PckExtension, IsWrittenAsItIsRead) {
  PckShape shape;
  shape.components[3] = 255;
  shape.pce_svn = 65'535;
  shape.sgx_type = 2;
  const Bytes der = testing::pck_extension(shape);
  EXPECT_EQ(PckExtension::parse(der)->to_der(), der);
}

TEST(PckExtension, ASimulatorsPlatformIsKnown) {
  EXPECT_TRUE(is_simulator(*Fmspc::from(Bytes{0x53, 0x49, 0x4D, 0x53, 0x47, 0x58})));
  EXPECT_FALSE(is_simulator(*Fmspc::from(Bytes{0, 0x90, 0x6E, 0xA1, 0, 0})));
}

TEST(PckExtension, MissingAndDoubledPartsAreRefused) {
  for (int part = 1; part <= 5; ++part) {
    PckShape shape;
    shape.leave_out = part;
    EXPECT_FALSE(PckExtension::parse(testing::pck_extension(shape)).has_value()) << part;
    shape.leave_out = 0;
    shape.twice = part;
    EXPECT_FALSE(PckExtension::parse(testing::pck_extension(shape)).has_value()) << part;
  }
}

TEST(PckExtension, TheTypeOfSgxIsOneOfThree) {
  PckShape shape;
  for (std::uint8_t type = 0; type < 4; ++type) {
    shape.sgx_type = type;
    const auto made = PckExtension::parse(testing::pck_extension(shape));
    ASSERT_EQ(made.has_value(), type < 3) << int{type};
    if (!made) continue;
    EXPECT_EQ(made->sgx_type, type);
  }
}

TEST(PckExtension, TheTcbHasNoOtherRows) {
  using codec::testing::integer;
  constexpr codec::Oid tcb{1, 2, 840, 113741, 1, 13, 1, 2};
  constexpr codec::Oid another{1, 2, 840, 113741, 1, 13, 1, 3};
  for (const std::uint8_t arc : std::initializer_list<std::uint8_t>{0, 19, 127}) {
    PckShape shape;
    shape.tcb_more = testing::pck_part(tcb, arc, integer(1));
    EXPECT_FALSE(PckExtension::parse(testing::pck_extension(shape)).has_value()) << int{arc};
  }
  PckShape shape;
  shape.tcb_more = testing::pck_part(another, 1, integer(1));
  EXPECT_FALSE(PckExtension::parse(testing::pck_extension(shape)).has_value());
}

TEST(PckExtension, TheConfigurationHasThreeFlags) {
  using codec::testing::der;
  constexpr codec::Oid configuration{1, 2, 840, 113741, 1, 13, 1, 7};
  for (std::uint8_t set = 1; set <= 3; ++set) {
    Bytes rows;
    for (std::uint8_t arc = 1; arc <= 3; ++arc) {
      const auto value = static_cast<std::uint8_t>(arc == set ? 0xFF : 0);
      rows = codec::testing::join(
          {rows, testing::pck_part(configuration, arc, der(codec::DerTag::Boolean, Bytes{value}))});
    }
    PckShape shape;
    shape.more = testing::pck_part(pck_extension_oid, 7, der(codec::DerTag::Sequence, rows));
    const auto made = PckExtension::parse(testing::pck_extension(shape));
    ASSERT_TRUE(made.has_value()) << made.error().what;
    EXPECT_EQ(made->dynamic_platform, set == 1);
    EXPECT_EQ(made->cached_keys, set == 2);
    EXPECT_EQ(made->smt_enabled, set == 3);
  }
}

TEST(PckExtension, EveryTruncationIsRefused) {
  const Bytes bytes = testing::pck_extension({});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(PckExtension::parse(core::ByteView(bytes).first(size)).has_value());
  }
}

}  // namespace
}  // namespace merlon::sgx
