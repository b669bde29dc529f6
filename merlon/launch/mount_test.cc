#include "merlon/launch/mount.h"

#include <gtest/gtest.h>

#include "merlon/launch/message.h"

namespace merlon::launch {
namespace {

core::Result<std::vector<std::uint8_t>> encoded(std::vector<Mount> mounts,
                                                std::optional<Volume> volume = {}) {
  Message message;
  message.mounts = std::move(mounts);
  message.volume = std::move(volume);
  return encode(message);
}

TEST(Mounts, AreReadAsTheyWereWritten) {
  using Source = Mount::Source;
  Message message;
  message.mounts = {{Source::Archive, FileAccess::ReadOnly, "/lib", "lib"},
                    {Source::Archive, FileAccess::ReadWrite, "/", ""},
                    {Source::Memory, FileAccess::ReadWrite, "/tmp", ""},
                    {Source::Volume, FileAccess::ReadWrite, "/sealed", ""}};
  message.archive[5] = 1;
  message.volume = Volume{"data", Volume::Binding::Workload,      3, 4, {5}, {9}, 6,
                          {7},    std::array<std::uint8_t, 32>{8}};
  const auto bytes = encode(message);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(decode_body(core::ByteView(*bytes).subspan(header_size)).value(), message);
  EXPECT_EQ(message.descriptor_count(), 3U);  // module, archive, volume
  for (std::size_t size = header_size; size < bytes->size(); ++size) {
    EXPECT_FALSE(decode_body(core::ByteView(*bytes).first(size).subspan(header_size)));
  }
}

TEST(Mounts, ThatContradictThemselvesAreRefused) {
  using Source = Mount::Source;
  const Mount memory{Source::Memory, FileAccess::ReadWrite, "/a", ""};
  const Mount volume{Source::Volume, FileAccess::ReadWrite, "/b", ""};
  EXPECT_TRUE(encoded({memory}));
  EXPECT_FALSE(encoded({memory, memory}));
  EXPECT_FALSE(encoded({{Source::Memory, FileAccess::ReadOnly, "/a", ""}}));
  EXPECT_FALSE(encoded({{Source::Memory, FileAccess::ReadWrite, "/a", "b"}}));
  EXPECT_FALSE(encoded({{Source::Memory, FileAccess::ReadWrite, "a", ""}}));
  EXPECT_TRUE(encoded({volume}, Volume{"v"}));
  EXPECT_FALSE(encoded({volume}));
  EXPECT_FALSE(encoded({memory}, Volume{"v"}));
  EXPECT_FALSE(encoded({volume}, Volume{"V"}));
  EXPECT_FALSE(encoded({volume, {Source::Volume, FileAccess::ReadWrite, "/c", ""}}, Volume{"v"}));
  EXPECT_FALSE(encoded(std::vector<Mount>(max_mounts + 1, memory)));
  Message message;
  message.archive[0] = 1;
  EXPECT_FALSE(encode(message));
}

TEST(Mounts, AHostOffersNothingButTheNameOfAVolume) {
  Message offer;
  offer.purpose = Purpose::Receive;
  offer.volume = Volume{"v"};
  EXPECT_TRUE(encode(offer));
  EXPECT_EQ(offer.descriptor_count(), 1U);
  offer.volume->generation = 1;
  EXPECT_FALSE(encode(offer));
  offer.volume = Volume{"v"};
  offer.volume->id[3] = 1;
  EXPECT_FALSE(encode(offer));
  offer.volume = Volume{"v"};
  offer.mounts = {{Mount::Source::Memory, FileAccess::ReadWrite, "/a", ""}};
  EXPECT_FALSE(encode(offer));
}

}  // namespace
}  // namespace merlon::launch
