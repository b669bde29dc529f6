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

TEST(PckExtension, EveryTruncationIsRefused) {
  const Bytes bytes = testing::pck_extension({});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(PckExtension::parse(core::ByteView(bytes).first(size)).has_value());
  }
}

}  // namespace
}  // namespace merlon::sgx
