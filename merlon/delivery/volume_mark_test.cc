#include "merlon/delivery/volume_mark.h"

#include <gtest/gtest.h>

namespace merlon::delivery {
namespace {

VolumeMark some() {
  const std::vector<std::uint8_t> id(VolumeMark::Id::size, 5);
  return {7, crypto::sha256({core::as_bytes("index")}), VolumeMark::Id::from(id).value()};
}

TEST(VolumeMarks, AreReadAsTheyWereWritten) {
  EXPECT_EQ(VolumeMark::parse(some().bytes()).value(), some());
}

TEST(VolumeMarks, OfAnotherSizeOrOfNoVolumeAreRefused) {
  auto bytes = some().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(VolumeMark::parse(core::ByteView(bytes).first(size))) << size;
  }
  bytes.push_back(0);
  EXPECT_FALSE(VolumeMark::parse(bytes));
  VolumeMark none = some();
  none.id = {};
  EXPECT_FALSE(VolumeMark::parse(none.bytes()));
}

}  // namespace
}  // namespace merlon::delivery
