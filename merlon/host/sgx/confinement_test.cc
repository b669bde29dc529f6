// What the process around an enclave may do with memory and with the driver, each in a process of
// its own.

#include "merlon/host/sgx/confinement.h"

#include <cerrno>

#include <asm/sgx.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "merlon/host/machine_confinement.h"
#include "merlon/launch/exit_status.h"
#include "merlon/launch/layers.h"
#include "merlon/os/testing/child.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx {
namespace {

using os::testing::Ended;

constexpr std::size_t page = 4096;

class EnclaveConfinement : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!launch::Layers::can_be_whole()) GTEST_SKIP() << "a sanitizer's runtime needs more";
  }
  /// Does `body` in a process that serves an enclave; 0 is success, and else an errno.
  static Ended serving(const std::function<int()>& body) {
    return os::testing::in_child(
        [&] { return confine_machine(launch::Launch{}, machine_calls()) ? body() : 99; });
  }
  static void expect_refused(const Ended& ended, std::string_view call) {
    EXPECT_TRUE(ended.with(launch::number(launch::ExitStatus::Trap))) << ended;
    EXPECT_NE(ended.said.find(std::string("may not make: ").append(call)), std::string::npos)
        << ended;
  }
  /// Gives a page at `address` these rights, from inside such a process.
  static Ended protecting(std::uint64_t address, int rights) {
    void* const wanted = reinterpret_cast<void*>(address);
    void* const got = ::mmap(wanted, page, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    EXPECT_EQ(got, wanted) << std::hex << address;
    const Ended ended = serving([&] { return ::mprotect(got, page, rights) == 0 ? 0 : errno; });
    ::munmap(got, page);
    return ended;
  }
};

TEST_F(EnclaveConfinement, MakesPagesOfTheEnclaveCodeAndNoOthers) {
  constexpr int code = PROT_READ | PROT_EXEC;
  for (const std::uint64_t address : {sallyport::user_start, sallyport::enclave_size - page}) {
    const Ended ended = protecting(address, code);
    EXPECT_TRUE(ended.with(0)) << ended;
  }
  for (const std::uint64_t address : {sallyport::enclave_size, sallyport::enclave_block}) {
    expect_refused(protecting(address, code), "mprotect");
    const Ended data = protecting(address, PROT_READ | PROT_WRITE);
    EXPECT_TRUE(data.with(0)) << data;
  }
}

TEST_F(EnclaveConfinement, MapsNoCode) {
  const auto mapping = [](int rights) {
    return serving([=] {
      return ::mmap(nullptr, page, rights, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED
                 ? 0
                 : errno;
    });
  };
  const Ended data = mapping(PROT_READ | PROT_WRITE);
  EXPECT_TRUE(data.with(0)) << data;
  expect_refused(mapping(PROT_READ | PROT_EXEC), "mmap");
}

/// The driver itself is not there: it is asked by a descriptor that nobody has.
TEST_F(EnclaveConfinement, AsksTheDriverAboutPagesAndMakesNoEnclaves) {
  const auto asking = [](unsigned long request) {
    return serving([=] { return ::ioctl(-1, request, nullptr) == 0 ? 0 : errno; });
  };
  for (const unsigned long request : {SGX_IOC_ENCLAVE_RESTRICT_PERMISSIONS,
                                      SGX_IOC_ENCLAVE_MODIFY_TYPES, SGX_IOC_ENCLAVE_REMOVE_PAGES}) {
    const Ended ended = asking(request);
    EXPECT_TRUE(ended.with(EBADF)) << ended;
  }
  for (const unsigned long request : {SGX_IOC_ENCLAVE_CREATE, SGX_IOC_ENCLAVE_ADD_PAGES,
                                      SGX_IOC_ENCLAVE_INIT, SGX_IOC_ENCLAVE_PROVISION}) {
    expect_refused(asking(request), "ioctl");
  }
}

}  // namespace
}  // namespace merlon::host::sgx
