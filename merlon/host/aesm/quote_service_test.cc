#include "merlon/host/aesm/quote_service.h"

#include <csignal>
#include <filesystem>

#include "merlon/host/aesm/testing/fake_aesmd.h"
#include "merlon/os/channel.h"

namespace merlon::host::aesm {
namespace {

using core::ErrorCode;
using launch::AesmAnswer;
using launch::AesmCommand;
using launch::AesmRequest;
using testing::Bytes;
using testing::FakeAesmd;
using testing::Service;

class QuoteServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "merlon-aesm-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ + "/socket";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static std::optional<Bytes> honest(const AesmRequest& request) {
    return launch::aesm_frame(Service().answer(request).bytes());
  }
  /// Honest but for one command, whose answer is changed.
  static FakeAesmd::Answer but_for(AesmCommand command,
                                   const std::function<void(AesmAnswer&)>& change) {
    return [=](const AesmRequest& request) -> std::optional<Bytes> {
      AesmAnswer answer = Service().answer(request);
      if (request.command == command) change(answer);
      return launch::aesm_frame(answer.bytes());
    };
  }
  HostError outcome(const FakeAesmd::Answer& answer, bool of_quote = true) {
    std::filesystem::remove(path_);
    const FakeAesmd aesmd(path_, answer);
    QuoteService service = QuoteService::at(path_, std::chrono::milliseconds(300));
    const auto got = of_quote ? service.quote(Bytes(432, 1)) : service.target();
    EXPECT_FALSE(got.has_value());
    if (got) return {};
    EXPECT_NE(got.error().text.find(path_), std::string::npos) << got.error().text;
    return got.error();
  }

  std::string folder_, path_;
};

TEST_F(QuoteServiceTest, TargetAndQuoteAreThoseOfTheService) {
  const FakeAesmd aesmd(path_, &honest);
  QuoteService service = QuoteService::at(path_);
  EXPECT_EQ(service.target().value(), Service().target);
  EXPECT_EQ(service.quote(Bytes(432, 1)).value(), Service().quote);
  EXPECT_EQ(aesmd.connections(), 6);  // a connection each, the keys asked for once
  EXPECT_EQ(service.quote(Bytes(431, 1)).error().code, ErrorCode::Malformed);
}

TEST_F(QuoteServiceTest, WithoutAServiceItSaysWhichAndWhatToDo) {
  QuoteService service = QuoteService::at(path_);
  const auto error = service.target().error();
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_NE(error.text.find(path_), std::string::npos);
  EXPECT_NE(error.text.find("platform info"), std::string::npos);
}

TEST_F(QuoteServiceTest, OneThatDoesNotAnswerIsNotWaitedForForEver) {
  for (const AesmCommand silent : {AesmCommand::KeyCount, AesmCommand::Quote}) {
    const auto error = outcome([=](const AesmRequest& request) -> std::optional<Bytes> {
      if (request.command == silent) return std::nullopt;
      return honest(request);
    });
    EXPECT_EQ(error.code, ErrorCode::Exhausted);
    EXPECT_NE(error.text.find("does not answer"), std::string::npos);
  }
  // Half an answer is none.
  const auto error = outcome([](const AesmRequest& request) -> std::optional<Bytes> {
    Bytes frame = *honest(request);
    frame.pop_back();
    return frame;
  });
  EXPECT_EQ(error.code, ErrorCode::Exhausted);
}

TEST_F(QuoteServiceTest, OneThatTakesNoConnectionsIsNotWaitedForForEver) {
  const os::Fd listener = os::listen_local(path_).value();
  std::vector<os::Fd> waiting;
  for (;;) {
    auto one = os::connect_local(path_, std::chrono::milliseconds(20));
    if (!one) break;
    waiting.push_back(*std::move(one));
  }
  QuoteService service = QuoteService::at(path_, std::chrono::milliseconds(50));
  EXPECT_EQ(service.target().error().code, ErrorCode::Exhausted);
}

TEST_F(QuoteServiceTest, ARefusalIsToldInWords) {
  const auto refuses = [&](std::uint32_t with) {
    return outcome(but_for(AesmCommand::Quote, [=](AesmAnswer& answer) { answer.error = with; }));
  };
  EXPECT_EQ(refuses(launch::aesm_busy).code, ErrorCode::Unavailable);
  const auto error = refuses(31);
  EXPECT_EQ(error.code, ErrorCode::Denied);
  EXPECT_NE(error.text.find("platform not recognized (31)"), std::string::npos);
}

TEST_F(QuoteServiceTest, NoAnswerOfAnotherSizeIsTaken) {
  const auto code = [&](AesmCommand command, const std::function<void(AesmAnswer&)>& change,
                        bool of_quote) { return outcome(but_for(command, change), of_quote).code; };
  using enum AesmCommand;
  for (const std::uint64_t count : std::initializer_list<std::uint64_t>{0, 17, 1ULL << 40U}) {
    EXPECT_EQ(
        code(KeyCount, [=](AesmAnswer& a) { a.number = count; }, true), ErrorCode::Unsupported);
  }
  EXPECT_EQ(code(Keys, [](AesmAnswer& a) { a.content.pop_back(); }, true), ErrorCode::Malformed);
  EXPECT_EQ(
      code(Keys, [](AesmAnswer& a) { a.content.assign(512, 0); }, true), ErrorCode::Unsupported);
  for (const std::uint64_t size : std::initializer_list<std::uint64_t>{0, 65'537, 1ULL << 40U}) {
    EXPECT_EQ(code(QuoteSize, [=](AesmAnswer& a) { a.number = size; }, true), ErrorCode::Malformed);
    EXPECT_EQ(
        code(InitQuote, [=](AesmAnswer& a) { a.number = size; }, false), ErrorCode::Malformed);
  }
  EXPECT_EQ(code(Quote, [](AesmAnswer& a) { a.content.clear(); }, true), ErrorCode::Malformed);
  EXPECT_EQ(code(Quote, [](AesmAnswer& a) { a.content.push_back(0); }, true), ErrorCode::Malformed);
  EXPECT_EQ(code(
                InitQuote,
                [](AesmAnswer& a) {
                  if (!a.content.empty()) a.content.push_back(0);
                },
                false),
            ErrorCode::Malformed);
}

TEST_F(QuoteServiceTest, WhatIsNoAnswerIsRefused) {
  const auto with = [&](const Bytes& bytes) {
    return outcome([=](const AesmRequest&) { return std::optional(bytes); }).code;
  };
  EXPECT_EQ(with({0, 0, 0, 0}), ErrorCode::Malformed);
  EXPECT_EQ(with({1, 0, 2, 0}), ErrorCode::Exhausted);
  EXPECT_EQ(with({0xFF, 0xFF, 0xFF, 0xFF}), ErrorCode::Exhausted);
  EXPECT_EQ(with({5, 0, 0, 0, 0xa2, 1, 2, 8, 1}), ErrorCode::Unsupported);
  // The answer to another question.
  const Bytes other = launch::aesm_frame(AesmAnswer{.command = AesmCommand::Keys}.bytes());
  EXPECT_EQ(with(other), ErrorCode::Malformed);
}

TEST_F(QuoteServiceTest, AnEndIsNoAnswer) {
  os::Channel channel = os::open_channel().value();
  QuoteService service =
      QuoteService::over(std::move(channel.here), "merlon-simulator", std::chrono::seconds(30));
  std::thread serving([there = std::move(channel.there)] {
    static_cast<void>(launch::receive_aesm_message(there));
  });
  const auto error = service.target().error();
  EXPECT_EQ(error.code, ErrorCode::Malformed) << error.text;
  EXPECT_NE(error.text.find("ended without an answer"), std::string::npos) << error.text;
  serving.join();
}

TEST_F(QuoteServiceTest, AChannelIsSpokenWithUntilAnAnswerIsLost) {
  os::Channel channel = os::open_channel().value();
  QuoteService service = QuoteService::over(std::move(channel.here), "merlon-simulator",
                                            std::chrono::milliseconds(50));
  std::thread serving([there = std::move(channel.there)] {
    for (int i = 0; i < 4; ++i) {
      const auto request = AesmRequest::parse(launch::receive_aesm_message(there).value()).value();
      EXPECT_TRUE(launch::write_stream(there, *honest(request)));
    }
    static_cast<void>(launch::receive_aesm_message(there));  // and says nothing
    static_cast<void>(launch::receive_aesm_message(there));
  });
  EXPECT_TRUE(service.target().has_value());
  EXPECT_EQ(service.quote(Bytes(432, 1)).error().code, ErrorCode::Exhausted);
  const auto error = service.target().error();
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_TRUE(error.text.starts_with("merlon-simulator "));
  service = QuoteService::at(path_);  // closes the channel
  serving.join();
}

}  // namespace
}  // namespace merlon::host::aesm
