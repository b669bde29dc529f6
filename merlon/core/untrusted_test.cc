#include "merlon/core/untrusted.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace merlon::core {
namespace {

enum class Rule : std::uint8_t { TooLarge, Another, Odd };
using Word = Untrusted<std::uint64_t>;

template <typename T>
concept Compares = requires(T a, T b) { a == b; } || requires(T a, T b) {
  a < b;
} || requires(T a, std::uint64_t b) { a == b; } || requires(T a, std::uint64_t b) { a < b; };
template <typename T>
concept Counts = requires(T a, T b) { a + b; } || requires(T a, std::uint64_t b) { a + b; } ||
                 requires(T a, std::uint64_t b) { a & b; } || requires(T a) { ++a; } ||
                 requires(T a) { -a; } || requires(T a) { !a; };
template <typename T>
concept Selects = requires(T a, const std::uint8_t* table) { table[a]; } || requires(T a) {
  static_cast<std::uint64_t>(a);
} || requires(T a) { static_cast<bool>(a); };

TEST(Untrusted, ConvertsComparesCountsAndSelectsNothing) {
  static_assert(Compares<std::uint64_t> && Counts<std::uint64_t> && Selects<std::uint64_t>);
  static_assert(!Compares<Word> && !Counts<Word> && !Selects<Word>);
  static_assert(!std::is_convertible_v<Word, std::uint64_t> &&
                !std::is_convertible_v<std::uint64_t, Word>);
  static_assert(!std::is_constructible_v<std::uint64_t, Word> &&
                !std::is_default_constructible_v<Word>);
}

TEST(Untrusted, LeavesWithinItsLimit) {
  EXPECT_EQ(*Word(8).within(8, Rule::TooLarge), 8U);
  EXPECT_EQ(Word(9).within(8, Rule::TooLarge).error(), Rule::TooLarge);
  EXPECT_EQ(Word(~std::uint64_t{0}).within(8, Rule::TooLarge).error(), Rule::TooLarge);
}

TEST(Untrusted, LeavesAsWhatIsExpected) {
  EXPECT_EQ(*Word(7).equal_to(7, Rule::Another), 7U);
  EXPECT_EQ(Word(0).equal_to(7, Rule::Another).error(), Rule::Another);
}

TEST(Untrusted, LeavesByAJudgement) {
  const auto even = [](std::uint64_t value) { return value % 2 == 0; };
  EXPECT_EQ(*Word(6).such_that(even, Rule::Odd), 6U);
  EXPECT_EQ(Word(5).such_that(even, Rule::Odd).error(), Rule::Odd);
}

TEST(Untrusted, BreaksARuleAsAnErrorOfAnyKind) {
  const auto refused = Word(1).equal_to(0, error(ErrorCode::Malformed, "not zero"));
  EXPECT_EQ(refused.error().message(), "not zero");
}

TEST(Untrusted, IsTakenAsItIsOnlyByName) { EXPECT_EQ(Word(5).any_value_is_right(), 5U); }

}  // namespace
}  // namespace merlon::core
