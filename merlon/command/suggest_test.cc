#include "merlon/command/suggest.h"

#include <array>

#include <gtest/gtest.h>

namespace merlon::command {
namespace {

std::string of(std::string_view word) {
  constexpr std::array<std::string_view, 4> known{"run", "verify", "evidence", "--endorsements"};
  return suggestion(word, known);
}

TEST(Suggestion, IsTheNearestWord) {
  EXPECT_EQ(of("verfy"), "; did you mean verify?");
  EXPECT_EQ(of("evidnece"), "; did you mean evidence?");
  EXPECT_EQ(of("--endorsement"), "; did you mean --endorsements?");
  EXPECT_EQ(of("rum"), "; did you mean run?");
}

TEST(Suggestion, IsNoneWhereNothingIsNear) {
  for (const char* word : {"", "fly", "x", "ru", "--colour", "verification"}) {
    EXPECT_EQ(of(word), "") << word;
  }
  EXPECT_EQ(of(std::string(100'000, 'v')), "");
}

}  // namespace
}  // namespace merlon::command
