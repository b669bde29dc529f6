#include "merlon/wasi/directory_cookies.h"

#include <gtest/gtest.h>

namespace merlon::wasi {
namespace {

constexpr std::uint64_t a = 0x7000'0000'0000'0001;
constexpr std::uint64_t b = 0x7000'0000'0000'0002;
constexpr std::uint64_t c = 0x7000'0000'0000'0003;

TEST(DirectoryCookies, CountPlacesInTheOrderInWhichTheyAreMet) {
  CookieBudget budget(10);
  DirectoryCookies cookies(budget);
  EXPECT_EQ(cookies.place_of(0).value(), 0U);
  EXPECT_EQ(cookies.behind(0, a), 1U);
  EXPECT_EQ(cookies.behind(1, b), 2U);
  EXPECT_EQ(cookies.place_of(1).value(), a);
  EXPECT_EQ(cookies.place_of(2).value(), b);
  EXPECT_EQ(cookies.place_of(3).error(), fail(Errno::Inval));
  EXPECT_EQ(cookies.place_of(~std::uint64_t{0}).error(), fail(Errno::Inval));
}

TEST(DirectoryCookies, APlaceKeepsItsNumberWhenListedAgain) {
  CookieBudget budget(2);  // no room for more
  DirectoryCookies cookies(budget);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(cookies.behind(0, a), 1U);
    EXPECT_EQ(cookies.behind(1, b), 2U);
  }
}

TEST(DirectoryCookies, PlacesThatComeOrGoDisturbNoOther) {
  CookieBudget budget(10);
  DirectoryCookies cookies(budget);
  EXPECT_EQ(cookies.behind(0, a), 1U);
  EXPECT_EQ(cookies.behind(1, c), 2U);
  EXPECT_EQ(cookies.behind(0, a), 1U);
  EXPECT_EQ(cookies.behind(1, b), 3U);  // b came
  EXPECT_EQ(cookies.behind(3, c), 2U);
  EXPECT_EQ(cookies.behind(0, b), 3U);  // a went
  EXPECT_EQ(cookies.place_of(1).value(), a);
  EXPECT_EQ(cookies.place_of(2).value(), c);
  EXPECT_EQ(cookies.place_of(3).value(), b);
}

TEST(DirectoryCookies, BeyondTheBudgetPlacesAreTheKernelsOwn) {
  CookieBudget budget(1);
  DirectoryCookies cookies(budget);
  EXPECT_EQ(cookies.behind(0, a), 1U);
  const DirCookie large = cookies.behind(1, b);
  EXPECT_GT(large, 0xFFFFFFFFU);
  EXPECT_EQ(cookies.place_of(large).value(), b);
  const DirCookie larger = cookies.behind(large, c);
  EXPECT_EQ(cookies.place_of(larger).value(), c);
  EXPECT_EQ(cookies.place_of(1).value(), a);
}

TEST(DirectoryCookies, AClosedDirectoryGivesBackWhatItTook) {
  CookieBudget budget(1);
  for (int i = 0; i < 3; ++i) {
    DirectoryCookies cookies(budget);
    EXPECT_EQ(cookies.behind(0, a), 1U);
  }
}

}  // namespace
}  // namespace merlon::wasi
