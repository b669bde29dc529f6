#include "merlon/delivery/workload.h"

#include <gtest/gtest.h>

namespace merlon::delivery {
namespace {

using core::ErrorCode;

Workload example() {
  Workload workload;
  workload.message.program = "main.wasm";
  workload.message.arguments = {"main.wasm", "--fast"};
  workload.message.environment = {"SECRET=42"};
  workload.message.files = {{launch::FileKind::Stdin, launch::FileAccess::ReadWrite, "stdin"},
                            {launch::FileKind::Listen, launch::FileAccess::ReadWrite, "web"}};
  workload.module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  return workload;
}

TEST(DeliveredWorkload, ComesBackAsItWas) {
  const Workload workload = example();
  const auto decoded = decode(encode(workload).value());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, workload);
}

TEST(DeliveredWorkload, IsRefusedWhereverItIsCut) {
  const auto bytes = encode(example()).value();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode(core::ByteView(bytes).first(size))) << size;
  }
  auto longer = bytes;
  longer.push_back(0);
  EXPECT_FALSE(decode(longer));
}

TEST(DeliveredWorkload, WhosePackageTheKeepGetsHasNeitherModuleNorFiles) {
  Workload workload = example();
  workload.message.package = launch::RemotePackage{"registry.example"};
  workload.message.package->module[0] = 7;
  EXPECT_FALSE(encode(workload));
  workload.module.clear();
  workload.message.mounts = {
      {launch::Mount::Source::Archive, launch::FileAccess::ReadOnly, "/a", ""}};
  const auto bytes = encode(workload);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(decode(*bytes).value(), workload);
  EXPECT_EQ(module_digest(workload).view()[0], 7);
  workload.archive = {1};
  EXPECT_FALSE(encode(workload));
}

TEST(DeliveredWorkload, HasOneEncoding) {
  const auto bytes = encode(example()).value();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto changed = bytes;
    changed[i] ^= 1;
    const auto decoded = decode(changed);
    if (decoded) {
      EXPECT_EQ(encode(*decoded).value(), changed) << i;
    }
  }
}

TEST(DeliveredWorkload, LeavesToTheHostWhatIsTheHosts) {
  Workload verbose = example();
  verbose.message.verbose = true;
  Workload machine = example();
  machine.message.confinement = launch::Confinement::Machine;
  Workload proves = example();
  proves.message.purpose = launch::Purpose::ProveAndRun;
  Workload directory = example();
  directory.message.files.push_back(
      {launch::FileKind::Directory, launch::FileAccess::ReadWrite, "/data"});
  for (const Workload* each : {&verbose, &machine, &proves, &directory}) {
    const auto encoded = encode(*each);
    ASSERT_FALSE(encoded);
    EXPECT_EQ(encoded.error().code, ErrorCode::Malformed);
  }
}

TEST(DeliveredWorkload, IsRefusedWithWhatIsTheHostsByTheKeepToo) {
  // The flag `verbose` of the message that lies at offset 4.
  auto bytes = encode(example()).value();
  constexpr std::size_t verbose = 4 + 33;
  ASSERT_EQ(bytes[verbose], 0);
  bytes[verbose] = 1;
  const auto decoded = decode(bytes);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::delivery
