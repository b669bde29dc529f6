#include "merlon/door/opening.h"

#include <thread>

#include <gtest/gtest.h>

#include "merlon/os/channel.h"
#include "merlon/os/open.h"

namespace merlon::door {
namespace {

Opening example() {
  Opening opening;
  opening.request.offer.nonce.fill(7);
  opening.request.offer.wishes = {{host::Wish::Kind::Listen, "::", 443, true}};
  opening.tenant = NamedTenant{*delivery::TenantKey::from(std::vector<std::uint8_t>(64, 1)),
                               *delivery::Salt::from(std::vector<std::uint8_t>(32, 2))};
  opening.policy = crypto::sha256({});
  opening.leaves = true;
  return opening;
}

core::Result<Opening, std::string> carried(core::ByteView bytes) {
  auto channel = os::open_channel();
  std::thread writer([&] {
    static_cast<void>(os::write_all(channel->here, bytes));
    channel->here.close();
  });
  auto heard = receive_opening(channel->there);
  channel->there.close();
  writer.join();
  return heard;
}

TEST(DoorOpening, ComesBackAsItWas) {
  const Opening opening = example();
  const auto heard = carried(encode(opening));
  ASSERT_TRUE(heard) << heard.error();
  EXPECT_EQ(heard->tenant, opening.tenant);
  EXPECT_EQ(heard->policy, opening.policy);
  EXPECT_TRUE(heard->leaves);
  EXPECT_EQ(heard->request.offer.wishes, opening.request.offer.wishes);
}

TEST(DoorOpening, EachCutIsRefused) {
  const auto bytes = encode(example());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(carried(core::ByteView(bytes).first(size))) << size;
  }
}

TEST(DoorOpening, OtherHeadsAreRefused) {
  const auto bytes = encode(example());
  for (const std::size_t at : {0U, 8U, 15U, 16U}) {
    auto changed = bytes;
    changed[at] ^= 0x80U;
    EXPECT_FALSE(carried(changed)) << at;
  }
}

}  // namespace
}  // namespace merlon::door
