#include "merlon/host/snp/device.h"

#include <gtest/gtest.h>

namespace merlon::host::snp {
namespace {

TEST(SnpKernelDevice, SaysWhatTheKernelSays) {
  KernelDevice device;
  const auto opened = device.open(Node::Kvm);
  if (!opened) GTEST_SKIP() << "no /dev/kvm: " << os::describe(opened.error());
  File kvm(device, *opened);
  EXPECT_EQ(kvm.ask(request::api_version).value(), 12);
  const auto size = kvm.ask(request::run_area_size);
  ASSERT_TRUE(size.has_value());
  EXPECT_GE(static_cast<std::size_t>(*size), sizeof(::kvm_run));
  kernel::MemoryRegion region;
  // The device itself has no memory; kernels differ in how they say so.
  EXPECT_FALSE(kvm.ask(request::set_memory_region, region).has_value());
  EXPECT_FALSE(device.map(kvm.number(), 4096).has_value());
}

/// One list of leaves, and the numbers that the list's head makes: as this kernel has them.
TEST(SnpKernelDevice, ListsWhatProcessorsCanHave) {
  KernelDevice device;
  const auto opened = device.open(Node::Kvm);
  if (!opened) GTEST_SKIP() << "no /dev/kvm: " << os::describe(opened.error());
  File kvm(device, *opened);
  kernel::LeafList list;
  list.head.count = std::size(list.entries);
  ASSERT_TRUE(kvm.ask(request::supported_cpuid, list).has_value());
  EXPECT_GT(list.head.count, 4U);
  EXPECT_LE(list.head.count, std::size(list.entries));
}

TEST(SnpKernelDevice, AFileIsClosedOnceByItsLastOwner) {
  KernelDevice device;
  const auto opened = device.open(Node::Kvm);
  if (!opened) GTEST_SKIP() << "no /dev/kvm: " << os::describe(opened.error());
  {
    File first(device, *opened);
    File second(std::move(first));
    File third;
    third = std::move(second);
    EXPECT_TRUE(third.ask(request::api_version).has_value());
  }
  EXPECT_EQ(device.control(*opened, request::api_version.number, 0).error(), os::Errno::Badf);
}

}  // namespace
}  // namespace merlon::host::snp
