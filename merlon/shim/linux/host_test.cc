#include "merlon/shim/linux/host.h"

#include "merlon/shim/linux/testing/keep_test.h"

namespace merlon::shim::linux {
namespace {

using sallyport::Call;

class HostTest : public testing::KeepTest {};

TEST_F(HostTest, AnswersAreNumbersOrErrors) {
  answer(5);
  EXPECT_EQ(ask(Call::Event, {1}), 5);
  EXPECT_EQ(only_asked().arguments[0], 1U);
  answer(-abi::Again);
  EXPECT_EQ(ask(Call::Close, {1}), -abi::Again);
  answer(2);
  machine_.asked.clear();
  EXPECT_EQ(ask_sending(Call::Write, {1}, core::as_bytes("abc")), 2);
  EXPECT_EQ(only_asked().sent, "abc");
  std::uint8_t into[4] = {};
  answer(3, "xyz");
  EXPECT_EQ(ask_receiving(Call::Read, {0}, into), 3);
  EXPECT_EQ(core::as_text(into), std::string_view("xyz\0", 4));
  EXPECT_EQ(only_asked().room, 4U);
}

TEST_F(HostTest, AHostThatBreaksTheRulesEndsTheKeep) {
  answer(1);
  EXPECT_EXIT(static_cast<void>(ask(Call::Close, {1})), ::testing::ExitedWithCode(125),
              "the host broke the rules when asked to close.*the host ");
}

TEST_F(HostTest, AKeepWithoutNumbersForItsRequestsEnds) {
  using sallyport::Violation;
  EXPECT_EXIT(
      static_cast<void>(answer_of(Call::Close, sallyport::broken(Violation::TooManyRequests))),
      ::testing::ExitedWithCode(125),
      "^the keep has asked its host more often than can be counted");
}

TEST_F(HostTest, AKeepEndsWithItsReason) {
  EXPECT_EXIT(give_up("of a ", "reason"), ::testing::ExitedWithCode(125), "^of a reason\n$");
  EXPECT_EXIT(give_up("alone"), ::testing::ExitedWithCode(125), "^alone\n$");
  EXPECT_EXIT(crash("broken"), ::testing::ExitedWithCode(134), "^broken\n$");
  EXPECT_EXIT(end_keep(42), ::testing::ExitedWithCode(42), "^\n$");
  const std::string long_reason(300, 'x');
  EXPECT_EXIT(crash(long_reason.c_str(), "y"), ::testing::ExitedWithCode(134),
              "^" + std::string(256, 'x') + "\n$");
}

}  // namespace
}  // namespace merlon::shim::linux
