#include <gtest/gtest.h>

#include "merlon/host/snp/testing/fake_device.h"
#include "merlon/host/snp/testing/story.h"

// Machine::run, by what a keep does.

namespace merlon::host::snp {
namespace {

using testing::Ending;
using testing::FakeDevice;
using testing::FakeExit;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t refused = 22;

FakeExit page_state(std::uint64_t address, std::uint64_t pages, bool to_private) {
  return {KVM_EXIT_HYPERCALL, {12, address, pages, to_private ? 16U : 0U, 0, 0, 0, 77}};
}

TEST(SnpRun, RangesThatAreAsTheKeepWantsAreGranted) {
  FakeDevice device(
      {}, {page_state(image::block_base, 2, false), page_state(image::messages_base, 1, false),
           page_state(image::main_base, 512, true)});
  const Ending ending = testing::launch_and_run(device, {});
  EXPECT_EQ(ending.stop.kind, StopKind::Shutdown);
  EXPECT_EQ(ending.stop.conversions, 3U);
  ASSERT_EQ(device.answers().size(), 3U);
  for (const auto& answer : device.answers()) EXPECT_EQ(answer[7], 0U);
  EXPECT_FALSE(device.is_private(image::block_base));
  EXPECT_FALSE(device.is_private(image::messages_base));
  EXPECT_TRUE(device.is_private(image::main_base));
}

TEST(SnpRun, WhatIsSharedIsFixedByTheImage) {
  const std::vector<FakeExit> wishes{page_state(image::block_base, 1, true),
                                     page_state(image::messages_base, 1, true),
                                     page_state(image::main_base, 1, false),
                                     page_state(image::main_base + 8, 1, false),
                                     page_state(0, 1, true),
                                     page_state(image::main_base, 0, false),
                                     page_state(image::main_base, ~0ULL, false),
                                     page_state(image::main_base, 1ULL << 52U, false),
                                     page_state(~0ULL << 12U, 2, false),
                                     page_state(image::table_end - 4096, 2, false)};
  FakeDevice device({}, wishes);
  const Ending ending = testing::launch_and_run(device, {});
  EXPECT_EQ(ending.stop.kind, StopKind::Shutdown);
  ASSERT_EQ(device.answers().size(), wishes.size());
  for (const auto& answer : device.answers()) EXPECT_EQ(answer[7], refused);
  EXPECT_TRUE(device.is_private(image::main_base));
}

TEST(SnpRun, AnotherHypercallStops) {
  FakeDevice device({}, {{KVM_EXIT_HYPERCALL, {11}}});
  const Ending ending = testing::launch_and_run(device, {});
  EXPECT_EQ(ending.stop.kind, StopKind::Other);
  EXPECT_EQ(ending.stop.reason, std::uint32_t{KVM_EXIT_HYPERCALL});
  EXPECT_EQ(ending.stop.detail, 11U);
}

TEST(SnpRun, MemoryThatIsUsedOtherwiseThanAgreedStops) {
  FakeDevice device({}, {{kernel::exit_memory_fault, {8, 0x123000, 4096}}});
  const Ending ending = testing::launch_and_run(device, {});
  ASSERT_FALSE(ending.trouble.has_value());
  EXPECT_EQ(ending.stop.kind, StopKind::MemoryFault);
  EXPECT_EQ(ending.stop.detail, 0x123000U);
  EXPECT_EQ(name_of(ending.stop.kind), "memory fault");
}

TEST(SnpRun, OtherExitsAreToldByTheirNumber) {
  FakeDevice device({}, {{KVM_EXIT_IO, {}}});
  const Ending ending = testing::launch_and_run(device, {});
  EXPECT_EQ(ending.stop.kind, StopKind::Other);
  EXPECT_EQ(ending.stop.reason, std::uint32_t{KVM_EXIT_IO});
  FakeDevice crash({}, {{KVM_EXIT_SYSTEM_EVENT, {3}}});
  EXPECT_EQ(testing::launch_and_run(crash, {}).stop.kind, StopKind::Other);
}

/// direction, size and port of kvm_run.io, then count
FakeExit port_exit(std::uint64_t direction, std::uint64_t size, std::uint64_t port,
                   std::uint64_t count) {
  return {KVM_EXIT_IO, {direction | size << 8U | port << 16U | count << 32U, 0}};
}

TEST(SnpRun, TheDoorbellIsOneByteToOnePort) {
  const auto kind = [](const FakeExit& exit) {
    FakeDevice device({}, {exit});
    return testing::launch_and_run(device, {}).stop.kind;
  };
  EXPECT_EQ(kind(port_exit(1, 1, 0xe9, 1)), StopKind::Doorbell);
  EXPECT_EQ(kind(port_exit(0, 1, 0xe9, 1)), StopKind::Other);
  EXPECT_EQ(kind(port_exit(1, 2, 0xe9, 1)), StopKind::Other);
  EXPECT_EQ(kind(port_exit(1, 1, 0xe8, 1)), StopKind::Other);
  EXPECT_EQ(kind(port_exit(1, 1, 0xe9, 2)), StopKind::Other);
  EXPECT_EQ(name_of(StopKind::Doorbell), "doorbell");
}

FakeExit certificates(std::uint64_t address, std::uint64_t pages) {
  return {kernel::exit_certificates, {address, pages, 0}};
}

TEST(SnpRun, CertificatesAreGivenIntoSharedPages) {
  const Bytes table(5000, 0x42);
  FakeDevice device({}, {certificates(image::block_base, 1), certificates(image::block_base, 2),
                         certificates(0, 2)});
  auto device_end = testing::launch_and_run(device, {}, table);
  ASSERT_FALSE(device_end.trouble.has_value()) << device_end.trouble->name();
  EXPECT_EQ(device_end.journal.count(Step::RequestCertificates), 1U);
  ASSERT_EQ(device.answers().size(), 3U);
  EXPECT_EQ(device.answers()[0][2], 28U);  // no space, and how much there must be
  EXPECT_EQ(device.answers()[0][1], 2U);
  EXPECT_EQ(device.answers()[1][2], 0U);
  EXPECT_EQ(device.answers()[2][2], 5U);
}

TEST(SnpRun, CertificatesStandWhereTheKeepWantsThem) {
  const Bytes table(5000, 0x42);
  FakeDevice device({}, {certificates(image::block_base + 4096, 2)});
  Journal journal;
  auto machine = Machine::create(device, journal, testing::host_processor(), table);
  ASSERT_TRUE(machine.has_value());
  Launcher launcher(*machine, {});
  ASSERT_TRUE(launcher.start().has_value());
  const Bytes shim = testing::small_shim();
  const Bytes keep = testing::small_keep();
  ASSERT_TRUE(
      image::lay_out(*image::parse_elf(shim), *image::parse_elf(keep), {.attested = true}, launcher)
          .has_value());
  ASSERT_TRUE(launcher.finish().has_value());
  ASSERT_TRUE(machine->run().has_value());
  EXPECT_EQ(device.shared(image::block_base + 4096, table.size()), table);
  EXPECT_EQ(device.shared(image::block_base + 4096 + table.size(), 1), Bytes(1));
}

TEST(SnpRun, CertificatesThatNobodyGaveAreNotAskedFor) {
  testing::FakeMachine wrong;
  wrong.asks_unwanted = true;
  FakeDevice device(wrong, {certificates(image::block_base, 1)});
  const Ending ending = testing::launch_and_run(device, {});
  ASSERT_TRUE(ending.trouble.has_value());
  EXPECT_EQ(ending.trouble->name(), "run: nonsense");
  EXPECT_TRUE(device.answers().empty());
}

TEST(SnpRun, AnOlderKernelDoesNotAskForCertificates) {
  testing::FakeMachine old;
  old.asks_for_certificates = false;
  FakeDevice device(old);
  const Ending ending = testing::launch_and_run(device, {}, Bytes(10));
  EXPECT_FALSE(ending.trouble.has_value()) << ending.trouble->name();
  EXPECT_EQ(ending.journal.count(Step::RequestCertificates), 0U);
  EXPECT_EQ(ending.journal.count(Step::LaunchFinish), 1U);
}

TEST(SnpRun, ATableOfCertificatesHasABound) {
  FakeDevice other;
  const Ending large = testing::launch_and_run(other, {}, Bytes(Machine::max_certificates + 1));
  EXPECT_EQ(large.trouble->name(), "request-certificates: image");
}

}  // namespace
}  // namespace merlon::host::snp
