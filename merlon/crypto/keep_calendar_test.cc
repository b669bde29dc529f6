#include <ctime>
#include <random>

#include <gtest/gtest.h>

extern "C" std::tm* __wrap_OPENSSL_gmtime(const std::time_t* time, std::tm* result);

namespace merlon::crypto {
namespace {

TEST(KeepCalendar, IsTheOneOfTheCLibrary) {
  std::mt19937_64 random(1);
  std::uniform_int_distribution<std::time_t> times(-62'135'596'800,
                                                   253'402'300'799);  // years 1 to 9999
  for (int i = 0; i < 100'000; ++i) {
    const std::time_t time = i == 0 ? 0 : times(random);
    std::tm ours{};
    std::tm theirs{};
    ASSERT_NE(__wrap_OPENSSL_gmtime(&time, &ours), nullptr);
    ASSERT_NE(::gmtime_r(&time, &theirs), nullptr);
    EXPECT_EQ(ours.tm_year, theirs.tm_year) << time;
    EXPECT_EQ(ours.tm_mon, theirs.tm_mon) << time;
    EXPECT_EQ(ours.tm_mday, theirs.tm_mday) << time;
    EXPECT_EQ(ours.tm_hour, theirs.tm_hour) << time;
    EXPECT_EQ(ours.tm_min, theirs.tm_min) << time;
    EXPECT_EQ(ours.tm_sec, theirs.tm_sec) << time;
    EXPECT_EQ(ours.tm_wday, theirs.tm_wday) << time;
    EXPECT_EQ(ours.tm_yday, theirs.tm_yday) << time;
  }
}

}  // namespace
}  // namespace merlon::crypto
