#include "merlon/keep/work.h"

#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "merlon/delivery/sealed.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"

namespace merlon::keep {
namespace {

using launch::FileKind;
using Bytes = std::vector<std::uint8_t>;

/// A keep that nothing attests, with what its host offers, and its tenant.
class Deliveries : public ::testing::Test {
 protected:
  Deliveries() {
    offer_.message.purpose = launch::Purpose::Receive;
    std::ranges::copy(challenge_.nonce().view(), offer_.message.nonce.begin());
    workload_.message.program = "main.wasm";
    workload_.module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  }

  core::Result<Work, std::string> take() {
    auto channel = os::open_channel().value();
    const auto keys = self_.keys();
    const auto sealed =
        delivery::seal(challenge_, {}, (*keys)->hpke().public_key(), workload_).value();
    EXPECT_TRUE(os::write_all(channel.there, sealed.bytes));
    there_ = std::move(channel.there);
    return work_of_tenant(self_, std::move(offer_), {}, std::move(channel.here));
  }
  void offer(FileKind kind) {
    offer_.message.files.push_back({kind, launch::FileAccess::ReadWrite, ""});
    offer_.descriptors.push_back(os::open_device("/dev/null").value());
  }
  void want(FileKind kind) {
    workload_.message.files.push_back({kind, launch::FileAccess::ReadWrite, "f"});
  }

  delivery::Challenge challenge_ =
      delivery::Challenge::make(crypto::PrivateKey::generate(crypto::KeyKind::P256).value())
          .value();
  delivery::Workload workload_;
  launch::Launch offer_;
  os::Fd there_;
  Self self_;
};

TEST_F(Deliveries, AreWhatTheTenantSent) {
  workload_.message.arguments = {"main.wasm", "secret"};
  want(FileKind::Stdin);
  want(FileKind::Listen);
  offer(FileKind::Listen);
  const auto work = take();
  ASSERT_TRUE(work) << work.error();
  EXPECT_EQ(work->module, workload_.module);
  EXPECT_EQ(work->launch.message.arguments, workload_.message.arguments);
  EXPECT_EQ(work->launch.descriptors.size(), 1U);
  EXPECT_EQ(work->source.tenant, delivery::name_of(challenge_.tenant()));
  EXPECT_EQ(work->source.message, crypto::sha256({launch::encode(workload_.message).value()}));
  EXPECT_EQ(work->source.configuration, work->source.message);
}

TEST_F(Deliveries, ComeOnce) {
  ASSERT_TRUE(take());
  launch::Launch again;
  again.message.purpose = launch::Purpose::Receive;
  again.message.nonce = offer_.message.nonce;
  offer_ = std::move(again);
  std::ranges::copy(challenge_.nonce().view(), offer_.message.nonce.begin());
  const auto second = take();
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("forgotten"), std::string::npos) << second.error();
}

TEST_F(Deliveries, HaveTheStricterLimits) {
  workload_.message.max_memory_bytes = 100;
  workload_.message.timeout_nanoseconds = 0;
  offer_.message.max_memory_bytes = 200;
  offer_.message.timeout_nanoseconds = 300;
  const auto work = take();
  ASSERT_TRUE(work);
  EXPECT_EQ(work->launch.message.max_memory_bytes, 100U);
  EXPECT_EQ(work->launch.message.timeout_nanoseconds, 300U);
  EXPECT_EQ(work->source.host_max_memory_bytes, 200U);
  EXPECT_EQ(work->source.host_timeout_nanoseconds, 300U);
}

TEST_F(Deliveries, AreConfinedAsTheHostSays) {
  offer_.message.confinement = launch::Confinement::Machine;
  offer_.message.verbose = true;
  const auto work = take();
  ASSERT_TRUE(work);
  EXPECT_EQ(work->launch.message.confinement, launch::Confinement::Machine);
  EXPECT_TRUE(work->launch.message.verbose);
}

TEST_F(Deliveries, WantTheSocketsThatAreOffered) {
  want(FileKind::Listen);
  want(FileKind::Connect);
  offer(FileKind::Connect);
  offer(FileKind::Listen);
  EXPECT_FALSE(take());
}

TEST_F(Deliveries, TakeNoMoreThanTheyWant) {
  offer(FileKind::Listen);
  EXPECT_FALSE(take());
}

TEST_F(Deliveries, WantTheirSteward) {
  workload_.message.steward = launch::Steward{"steward.example", 443, "/", {}};
  const auto work = take();
  ASSERT_FALSE(work);
  EXPECT_NE(work.error().find("Steward"), std::string::npos);
}

TEST_F(Deliveries, WantTheWayToTheirPackage) {
  workload_.message.package = launch::RemotePackage{"registry.example", 443, "/t"};
  workload_.message.package->module[0] = 9;
  workload_.module.clear();
  EXPECT_FALSE(take());
}

TEST_F(Deliveries, WhosePackageIsElsewhereSayWhatItIs) {
  workload_.message.package = launch::RemotePackage{"registry.example", 443, "/t"};
  workload_.message.package->module[0] = 9;
  workload_.message.package->key.emplace()[0] = 1;
  workload_.module.clear();
  offer_.message.package = launch::RemotePackage{"registry.example", 443};
  const auto work = take();
  ASSERT_TRUE(work) << work.error();
  EXPECT_EQ(work->launch.message.package, workload_.message.package);
  // Where the module lies, and the key to it, are no part of how it runs.
  launch::Message configuration = workload_.message;
  configuration.package.reset();
  EXPECT_EQ(work->source.configuration, crypto::sha256({launch::encode(configuration).value()}));
  EXPECT_NE(work->source.message, work->source.configuration);
}

TEST_F(Deliveries, WantThePlacesThatTheyMayConnectWith) {
  workload_.message.allowed = {{"a.example", 443, {}}};
  offer_.message.allowed = {{"b.example", 443, {}}};
  EXPECT_FALSE(take());
}

TEST_F(Deliveries, OfAnotherTenantAreRefused) {
  offer_.message.nonce[0] ^= 1;
  const auto work = take();
  ASSERT_FALSE(work);
  EXPECT_NE(work.error().find("the delivery is refused"), std::string::npos);
}

TEST(WorkOfAHost, IsItsModuleAndMessage) {
  launch::Launch launch;
  launch.message.program = "app.wasm";
  launch.message.max_memory_bytes = 7;
  launch.module = os::open_device("/dev/null").value();
  const auto work = work_of_host(Self(), std::move(launch));
  ASSERT_TRUE(work) << work.error();
  EXPECT_FALSE(work->source.tenant);
  EXPECT_EQ(work->source.message, crypto::Sha256Digest());  // nobody asks
  EXPECT_EQ(work->source.host_max_memory_bytes, 7U);
  EXPECT_EQ(work->talk, nullptr);
}

TEST(WorkOfAHost, IsNotGotByTheKeep) {
  launch::Launch launch;
  launch.message.package = launch::RemotePackage{"registry.example"};
  EXPECT_FALSE(work_of_host(Self(), std::move(launch)));
}

TEST(WorkOfAHost, TheStateOfAVolumeIsNoPartOfTheConfiguration) {
  launch::Launch one;
  one.message.mounts = {{launch::Mount::Source::Volume, {}, "/sealed", ""}};
  one.message.volume = launch::Volume{"data"};
  launch::Launch other;
  other.message = one.message;
  other.message.volume->generation = 7;
  other.message.volume->id[0] = 1;
  other.message.volume->key.emplace().fill(1);
  launch::Launch bound;
  bound.message = one.message;
  bound.message.volume->bound_to = launch::Volume::Binding::Workload;
  const auto bytes = launch::encode(one.message).value();
  const Self self;
  const auto first = work_of_host(self, std::move(one)).value();
  const auto second = work_of_host(self, std::move(other)).value();
  const auto third = work_of_host(self, std::move(bound)).value();
  EXPECT_EQ(first.source.message, crypto::sha256({bytes}));
  EXPECT_NE(first.source.message, second.source.message);
  EXPECT_EQ(first.source.configuration, second.source.configuration);
  EXPECT_NE(first.source.configuration, third.source.configuration);
}

}  // namespace
}  // namespace merlon::keep
