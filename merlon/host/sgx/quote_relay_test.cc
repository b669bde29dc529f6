#include "merlon/host/sgx/quote_relay.h"

#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "merlon/host/aesm/testing/fake_aesmd.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/testing/scratch.h"

namespace merlon::host::sgx {
namespace {

using aesm::testing::FakeAesmd;
using aesm::testing::Service;
using Bytes = std::vector<std::uint8_t>;

class QuoteRelayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    os::ignore_broken_pipes();  // as the program does
    auto channel = os::open_channel();
    ASSERT_TRUE(channel.has_value());
    here_ = std::move(channel->here);
    there_ = std::move(channel->there);
  }
  void say(const Bytes& bytes) { ASSERT_TRUE(os::write_all(here_, bytes).has_value()); }
  void ask() { say(launch::aesm_frame(launch::AesmRequest{.timeout = 1000}.bytes())); }
  /// What is heard once the relay has ended.
  [[nodiscard]] auto heard_at_the_end() {
    there_.close();
    return launch::receive_aesm_message(here_);
  }
  [[nodiscard]] std::string socket() const { return scratch_ / "socket"; }

  os::testing::ScratchDirectory scratch_;
  os::Fd here_;
  os::Fd there_;
};

TEST_F(QuoteRelayTest, CarriesEachQuestionOnAConnectionOfItsOwn) {
  const FakeAesmd aesmd(socket(), [](const launch::AesmRequest& request) {
    return std::optional(launch::aesm_frame(Service().answer(request).bytes()));
  });
  std::thread relay([this] { relay_quotes(there_, socket()); });
  for (int number = 1; number <= 3; ++number) {
    ask();
    const auto heard = launch::receive_aesm_message(here_);
    EXPECT_TRUE(heard.has_value());
    const auto answer = heard ? launch::AesmAnswer::parse(*heard) : heard.error();
    EXPECT_TRUE(answer && answer->number == 2);
    EXPECT_EQ(aesmd.connections(), number);
  }
  here_.close();
  relay.join();
}

TEST_F(QuoteRelayTest, EndsWhereNobodyQuotes) {
  ask();
  relay_quotes(there_, socket());
  EXPECT_FALSE(heard_at_the_end().has_value());
}

TEST_F(QuoteRelayTest, AQuestionWithoutAnEndReachesNobody) {
  const FakeAesmd aesmd(socket(),
                        [](const launch::AesmRequest&) { return std::optional<Bytes>(); });
  say({0xff, 0xff, 0xff, 0xff});
  relay_quotes(there_, socket());
  EXPECT_EQ(aesmd.connections(), 0);
}

TEST_F(QuoteRelayTest, AnAnswerWithoutAnEndIsPassedToNobody) {
  const FakeAesmd aesmd(socket(), [](const launch::AesmRequest&) {
    return std::optional(Bytes{0xff, 0xff, 0xff, 0xff});
  });
  ask();
  relay_quotes(there_, socket());
  EXPECT_FALSE(heard_at_the_end().has_value());
}

/// Whoever asked hears nothing more: there is nobody to go on for.
TEST_F(QuoteRelayTest, EndsWhereNobodyListens) {
  const FakeAesmd aesmd(socket(), [](const launch::AesmRequest& request) {
    return std::optional(launch::aesm_frame(Service().answer(request).bytes()));
  });
  ask();
  ASSERT_EQ(::shutdown(here_.number(), SHUT_RD), 0);
  relay_quotes(there_, socket());
  EXPECT_EQ(aesmd.connections(), 1);
}

}  // namespace
}  // namespace merlon::host::sgx
