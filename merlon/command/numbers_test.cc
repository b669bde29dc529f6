#include "merlon/command/numbers.h"

#include <optional>

#include <gtest/gtest.h>

namespace merlon::command {
namespace {

Arguments with(const std::string& value) {
  Arguments arguments;
  arguments.options["--n"] = {value};
  return arguments;
}

std::optional<std::uint64_t> from_2_to_9(const Arguments& arguments, std::uint64_t usual) {
  const auto number = number_of(arguments, "--n", {2, 9}, usual);
  return number ? std::optional(*number) : std::nullopt;
}

TEST(NumberOf, ARangeHasBothItsEnds) {
  for (const unsigned number : {2U, 7U, 9U}) {
    EXPECT_EQ(from_2_to_9(with(std::to_string(number)), 5), number);
  }
  for (const char* wrong :
       {"1", "10", "", " 3", "3 ", "+3", "-3", "0x3", "3.0", "three", "18446744073709551618"}) {
    EXPECT_FALSE(from_2_to_9(with(wrong), 5)) << wrong;
  }
}

TEST(NumberOf, AnOptionThatIsNotThereHasItsUsualNumber) {
  EXPECT_EQ(from_2_to_9(Arguments(), 0), 0U) << "which may lie outside: no limit";
}

TEST(NumberOf, TheErrorIsOneLineThatNamesTheRange) {
  const auto refused = number_of(with("a\nb"), "--n", {2, 9}, 5);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "--n a\\x0ab: must be a number from 2 to 9");
}

}  // namespace
}  // namespace merlon::command
