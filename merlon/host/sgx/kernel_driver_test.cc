#include "merlon/host/sgx/kernel_driver.h"

#include <gtest/gtest.h>

#include "merlon/host/sgx/loader.h"
#include "merlon/host/sgx/testing/fake_device.h"
#include "merlon/sallyport/enclave.h"
#include "merlon/sgx/sigstruct.h"

namespace merlon::host::sgx {
namespace {

using sallyport::Access;
using testing::Deviation;
using testing::FakeDevice;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t data = sallyport::user_start + 0x42000;

/// Programs of a few pages and one of some hundred.
struct Programs {
  Bytes text = Bytes(70 * page + 5, 0x90);
  Bytes words{1, 2, 3};
  image::Program shim{
      .position_independent = false,
      .entry = sallyport::shim_start,
      .headers = 0,
      .header_count = 0,
      .vdso = {},
      .segments = {{sallyport::shim_start, 2 * page, core::ByteView(text).first(2 * page),
                    image::Rights::ReadExecute},
                   {sallyport::shim_start + 4 * page, 3 * page, words, image::Rights::ReadWrite}}};
  image::Program keep{.position_independent = true,
                      .entry = 0,
                      .headers = 0,
                      .header_count = 0,
                      .vdso = {},
                      .segments = {{0, 66 * page, core::ByteView(text).first(65 * page),
                                    image::Rights::ReadExecute},
                                   {0x42000, 2 * page, words, image::Rights::ReadWrite}}};
};

Bytes signature() {
  const Programs programs;
  measure::EnclaveChain chain(sallyport::saved_state_frame_pages, sallyport::enclave_size);
  EXPECT_TRUE(image::lay_out_enclave(programs.shim, programs.keep, chain));
  ::merlon::sgx::Sigstruct wanted;
  wanted.mr_enclave = std::move(chain).finish();
  const auto bytes = wanted.to_bytes();
  return {bytes.begin(), bytes.end()};
}

/// Whether the enclave was started.
bool launch(KernelDriver& driver, const Bytes& sigstruct) {
  const Programs programs;
  if (!driver.create()) return false;
  Loader loader(driver);
  if (!image::lay_out_enclave(programs.shim, programs.keep, loader)) return false;
  return driver.start(sigstruct).has_value();
}

TEST(KernelDriver, LaunchesWhatWasSigned) {
  FakeDevice device;
  {
    KernelDriver driver(device);
    ASSERT_TRUE(launch(driver, signature()));
    EXPECT_TRUE(device.is_started());
    const Left left = driver.enter(Leaf::Enter);
    EXPECT_EQ(left.way, Left::Way::Exit);
    EXPECT_EQ(left.reason, 1U);
    EXPECT_EQ(device.entered, std::vector<std::uint32_t>{2});
  }
  EXPECT_FALSE(device.is_open());
}

TEST(KernelDriver, WithoutASignatureNothingStarts) {
  FakeDevice device;
  KernelDriver driver(device);
  ASSERT_TRUE(driver.create());
  const auto started = driver.start({});
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, core::ErrorCode::Denied);
  EXPECT_NE(started.error().text.find("merlon sign"), std::string::npos);
}

TEST(KernelDriver, AnotherKeepThanWasSignedIsToldSo) {
  FakeDevice device;
  KernelDriver driver(device);
  Bytes other = signature();
  other[970] ^= 1U;
  EXPECT_FALSE(launch(driver, other));
  EXPECT_FALSE(device.is_started());
}

TEST(KernelDriver, PagesChangeAndGo) {
  FakeDevice device;
  KernelDriver driver(device);
  ASSERT_TRUE(launch(driver, signature()));
  EXPECT_TRUE(driver.restrict_rights({data, page}, Access::Read));
  EXPECT_EQ(*device.flags(data) & 7U, 1U);
  EXPECT_FALSE(driver.restrict_rights({data + 64 * page, page}, Access::Read)) << "no such page";
  EXPECT_TRUE(driver.trim({data, page}));
  EXPECT_FALSE(driver.remove({data, page})) << "the enclave has not accepted it";
  device.accept(data);
  EXPECT_TRUE(driver.remove({data, page}));
  EXPECT_FALSE(device.flags(data));
}

/// Linux's driver does all of it, or says why not.
TEST(KernelDriver, AKernelThatSaysItHasDoneAllAndHasNotIsNotAskedAgain) {
  for (const Deviation deviation : {Deviation::Less, Deviation::Drop, Deviation::More}) {
    FakeDevice device(deviation, 1, 0);
    KernelDriver driver(device);
    ASSERT_TRUE(driver.create());
    EXPECT_EQ(driver.add(image::EnclavePage::ReadWrite, {data, 2 * page}, {}).error(),
              os::Errno::Io);
    EXPECT_EQ(device.requests(), 2U);
  }
}

/// Long enough for one that is interrupted, and not for ever.
TEST(KernelDriver, AKernelThatGetsNoFurtherIsAskedAThousandTimesMore) {
  FakeDevice device(Deviation::Stuck, 1, 0);
  KernelDriver driver(device);
  ASSERT_TRUE(driver.create());
  EXPECT_EQ(driver.add(image::EnclavePage::ReadWrite, {data, 2 * page}, {}).error(),
            os::Errno::Again);
  EXPECT_EQ(device.requests(), 2U + 1000U);
}

/// Whatever a kernel does wrong: the enclave is what was signed, or it is none.
TEST(KernelDriver, AThousandDeviations) {
  const Bytes sigstruct = signature();
  const auto expected = ::merlon::sgx::Sigstruct::parse(sigstruct).value().mr_enclave;
  std::mt19937 random(1);
  std::size_t failed = 0;
  std::size_t deviated = 0;
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    const auto deviation = static_cast<Deviation>(1 + random() % (testing::deviation_count - 1));
    FakeDevice device(deviation, random() % 12, seed);
    bool started = false;
    {
      KernelDriver driver(device);
      started = launch(driver, sigstruct);
    }
    if (device.deviated()) ++deviated;
    if (!started) ++failed;
    // A kernel that says that it has started the enclave, and has not, has none to enter.
    if (started) {
      ASSERT_TRUE(device.is_started() || deviation == Deviation::Drop) << seed;
    }
    if (device.is_started()) {
      ASSERT_EQ(device.measured(), expected) << seed;
    }
    // Who does it piece by piece, or alters what is not a page, is no worse.
    const bool harmless = deviation == Deviation::Less || deviation == Deviation::LessAgain ||
                          deviation == Deviation::AlterPage || deviation == Deviation::Drop;
    if (device.deviated() && !harmless) {
      ASSERT_FALSE(started) << seed << " " << static_cast<int>(deviation);
    }
  }
  EXPECT_GT(deviated, 500U);
  EXPECT_GT(failed, 400U);
}

}  // namespace
}  // namespace merlon::host::sgx
