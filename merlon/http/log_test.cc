#include "merlon/http/log.h"

#include <latch>

#include <gtest/gtest.h>

#include "merlon/codec/json.h"

namespace merlon::http {
namespace {

TEST(Log, ALineIsOneObject) {
  EXPECT_EQ(log_line({0}, "info", "start", {{"policy", "a\"b\n"}}),
            "{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"info\",\"event\":\"start\","
            "\"policy\":\"a\\\"b\\\\x0a\"}");
}

TEST(Log, ARequestsLineHasNeitherQueryNorHeadersNorBody) {
  Request request{"POST", "/x?secret=1", {{"authorization", "secret"}}, "secret", "::1", 5, true};
  const Response response{400, {}, "secret", false, {{"code", "a"}, {"x", "1"}, {"code", "b"}}};
  const std::string line =
      request_line({0}, {request, response, true, true, 17, std::chrono::microseconds(3),
                         std::chrono::microseconds(4)});
  EXPECT_EQ(line.find("secret"), std::string::npos);
  EXPECT_TRUE(codec::JsonDocument::parse(line));
  EXPECT_NE(line.find("\"path\":\"/x\",\"status\":400,\"received\":17,\"sent\":6"),
            std::string::npos);
  EXPECT_NE(line.find("\"code\":[\"a\",\"b\"],\"x\":[\"1\"]"), std::string::npos);
}

TEST(Log, WhatAPeerSaysCannotBeAnotherLine) {
  Request request;
  request.target = "/\n{\"event\":\"request\"}" + std::string(5000, 'x');
  const std::string line = request_line({0}, {request, {}, false, false, 0, {}, {}});
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_LT(line.size(), 1000U);
}

TEST(Log, WritesAllThatWaitsBeforeItEnds) {
  std::string all;
  {
    const auto log = Log::start(
        [&](const std::string& line) {
          all += line;
          return true;
        },
        [] {});
    ASSERT_TRUE(log);
    for (int i = 0; i < 100; ++i) (*log)->line("x");
  }
  EXPECT_EQ(all.size(), 200U);
}

TEST(Log, AReaderWhoIsSlowKeepsNobodyWaiting) {
  std::latch go_on(1);
  std::atomic<std::size_t> lost = 0;
  {
    const auto log = Log::start(
        [&](const std::string&) {
          go_on.wait();
          return true;
        },
        [&] { ++lost; });
    ASSERT_TRUE(log);
    for (std::size_t i = 0; i < Log::max_waiting + 50; ++i) (*log)->line("x");
    EXPECT_GE(lost, 49U);
    go_on.count_down();
  }
}

TEST(Log, CountsWhatCannotBeWritten) {
  std::atomic<int> lost = 0;
  {
    const auto log = Log::start([](const std::string&) { return false; }, [&] { ++lost; });
    ASSERT_TRUE(log);
    (*log)->line("x");
  }
  EXPECT_EQ(lost, 1);
}

}  // namespace
}  // namespace merlon::http
