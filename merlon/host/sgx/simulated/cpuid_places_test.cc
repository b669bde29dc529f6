#include "merlon/host/sgx/simulated/cpuid_places.h"

#include <vector>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "merlon/host/sgx/simulated/testing/reached.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx::simulated {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t in_one = 0x10, across = page - 1, in_the_next = page + 0x20;

/// Three pages of code in which CPUID stands alone, across pages and behind that.
class CpuidPlacesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    // At an address as an enclave has them.
    void* const memory =
        ::mmap(reinterpret_cast<void*>(sallyport::user_start), 3 * page, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory != reinterpret_cast<void*>(sallyport::user_start)) {
      GTEST_SKIP() << "an enclave's addresses are not free, as where a sanitizer has them";
    }
    code_ = static_cast<std::uint8_t*>(memory);
    for (const std::size_t at : {in_one, across, in_the_next}) put(at, 0xa2);
    ASSERT_EQ(::mprotect(code_, 3 * page, PROT_READ | PROT_EXEC), 0);
  }
  void TearDown() override {
    if (code_ != nullptr) ::munmap(code_, 3 * page);
  }
  void put(std::size_t at, std::uint8_t second) {
    code_[at] = 0x0f;
    code_[at + 1] = second;
  }
  [[nodiscard]] bool is_cpuid(std::size_t at) const { return has(at, 0x0f); }
  [[nodiscard]] bool is_hidden(std::size_t at) const { return has(at, 0xf4); }
  [[nodiscard]] bool has(std::size_t at, std::uint8_t first) const {
    return code_[at] == first && code_[at + 1] == 0xa2;
  }
  static CpuidPlaces places(std::string_view list = "10\nfff\n1020\n") {
    return CpuidPlaces::of(list, sallyport::user_start);
  }
  static constexpr std::uint64_t address(std::size_t at) { return sallyport::user_start + at; }

  std::uint8_t* code_ = nullptr;
};

TEST_F(CpuidPlacesTest, AreHiddenAndNothingElseChanges) {
  const std::vector<std::uint8_t> before(code_, code_ + 3 * page);
  CpuidPlaces all = places();
  ASSERT_TRUE(all.hide_all().has_value());
  for (const std::size_t at : {in_one, across, in_the_next}) EXPECT_TRUE(is_hidden(at)) << at;
  std::size_t changed = 0;
  for (std::size_t at = 0; at < before.size(); ++at) changed += before[at] != code_[at] ? 1U : 0U;
  EXPECT_EQ(changed, 3U);
  for (std::size_t number = 0; number < 3; ++number) {
    EXPECT_FALSE(testing::is_writable(address(number * page)));
  }
}

TEST_F(CpuidPlacesTest, OfAnotherProgramAreRefused) {
  CpuidPlaces other = places("10\n11\n");
  EXPECT_EQ(other.hide_all().error(), os::Errno::Inval);
}

TEST_F(CpuidPlacesTest, WhoLooksSeesCpuidUntilTheKeepIsBackInThatPage) {
  CpuidPlaces all = places();
  ASSERT_TRUE(all.hide_all().has_value());
  EXPECT_FALSE(all.show(address(in_one + 1))) << "an exception of the keep's own";
  EXPECT_FALSE(all.come_back(address(0))) << "nothing was shown";
  ASSERT_TRUE(all.show(address(in_one)));
  EXPECT_TRUE(is_cpuid(in_one));
  EXPECT_TRUE(is_hidden(across)) << "it was another one";
  EXPECT_FALSE(all.show(address(in_one))) << "it is shown already";
  EXPECT_FALSE(all.come_back(address(page)));
  ASSERT_TRUE(all.come_back(address(0)));
  EXPECT_TRUE(is_hidden(in_one));
  EXPECT_FALSE(all.come_back(address(0))) << "it is back";
}

/// It is hidden again with the first of its pages that the keep comes back to, and the other one
/// can be executed as well.
TEST_F(CpuidPlacesTest, AnInstructionAcrossPagesComesBackWithEither) {
  CpuidPlaces all = places();
  ASSERT_TRUE(all.hide_all().has_value());
  for (const std::size_t back : {std::size_t{0}, page}) {
    ASSERT_TRUE(all.show(address(across)));
    EXPECT_TRUE(is_cpuid(across));
    ASSERT_TRUE(all.come_back(address(back)));
    EXPECT_TRUE(is_hidden(across)) << back;
    EXPECT_TRUE(all.come_back(address(page - back)));
    EXPECT_TRUE(is_hidden(across)) << back;
  }
}

TEST_F(CpuidPlacesTest, WhatIsNoAddressIsPassedOver) {
  EXPECT_TRUE(places("").empty());
  EXPECT_TRUE(places("\n\nzz\n10 \n0x10\n-10\n").empty());
  EXPECT_TRUE(places("ffffffffffffffff\n10000000000000000\n3fffffffffff\n").empty());
  EXPECT_FALSE(places("zz\n10").empty());
  EXPECT_FALSE(places("2fffffffffff").empty()) << "the last one";
  EXPECT_TRUE(places("300000000000").empty());
}

}  // namespace
}  // namespace merlon::host::sgx::simulated
