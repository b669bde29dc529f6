#include <gtest/gtest.h>

#include "merlon/launch/message.h"

namespace merlon::launch {
namespace {

RemotePackage example() {
  return {"registry.example",      8443, "/api/v0.1.0/u/r/_tag/1.0.0",
          {true, false, {{1, 2}}}, {3},  {4},
          RemotePackage::Key{5}};
}

TEST(RemotePackages, AreReadAsTheyWereWritten) {
  Message message;
  message.package = example();
  message.steward = Steward{"steward.example"};
  const auto bytes = encode(message);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(decode_body(core::ByteView(*bytes).subspan(header_size)).value(), message);
  EXPECT_EQ(message.descriptor_count(), 3U);  // module, Steward, registry
  EXPECT_TRUE(message.dials());
  for (std::size_t size = header_size; size < bytes->size(); ++size) {
    EXPECT_FALSE(decode_body(core::ByteView(*bytes).first(size).subspan(header_size))) << size;
  }
}

TEST(RemotePackages, AreNotBelievedByTheWordOfTheKeepsSteward) {
  Message message;
  message.package = example();
  message.package->trust.steward = true;
  EXPECT_FALSE(encode(message));
}

TEST(RemotePackages, AHostOffersNothingButTheWayThere) {
  Message offer;
  offer.purpose = Purpose::Receive;
  offer.package = RemotePackage{"registry.example", 8443};
  ASSERT_TRUE(encode(offer));
  const auto refused = [&](auto change) {
    offer.package = RemotePackage{"registry.example", 8443};
    change(*offer.package);
    const auto bytes = encode(offer);
    return !bytes || !decode_body(core::ByteView(*bytes).subspan(header_size));
  };
  EXPECT_TRUE(refused([](RemotePackage& package) { package.path = "/other"; }));
  EXPECT_TRUE(refused([](RemotePackage& package) { package.trust.web = true; }));
  EXPECT_TRUE(refused([](RemotePackage& package) { package.tree[0] = 1; }));
  EXPECT_TRUE(refused([](RemotePackage& package) { package.module[0] = 1; }));
  EXPECT_TRUE(refused([](RemotePackage& package) { package.key.emplace(); }));
}

}  // namespace
}  // namespace merlon::launch
