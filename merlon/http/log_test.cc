#include "merlon/http/log.h"

#include <atomic>
#include <latch>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
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

TEST(Log, ARequestsLineSaysOfItsPathWhatItIsTo) {
  Request request{"GET", "/things/secret", {}, "", "::1", 5, true};
  const std::string line = request_line({0}, {request, {}, true, true, 0, {}, {}}, "/things/~1");
  EXPECT_EQ(line.find("secret"), std::string::npos);
  EXPECT_NE(line.find("\"path\":\"/things/~1\""), std::string::npos);
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
        [&](std::string_view lines) {
          all += lines;
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
        [&](std::string_view) {
          go_on.wait();
          return true;
        },
        [&] { ++lost; });
    ASSERT_TRUE(log);
    for (std::size_t i = 0; i < Log::max_waiting + 50; ++i) (*log)->line("x");
    EXPECT_EQ(lost, 50U) << "what is being written has not been taken";
    go_on.count_down();
  }
}

TEST(Log, CountsEachLineThatCannotBeWritten) {
  std::atomic<int> lost = 0;
  {
    const auto log = Log::start([](std::string_view) { return false; }, [&] { ++lost; });
    ASSERT_TRUE(log);
    for (int i = 0; i < 3; ++i) (*log)->line("x");
  }
  EXPECT_EQ(lost, 3);
}

/// Whoever else writes to that pipe does not come between the parts of a line.
TEST(Log, PiecesAreWholeLinesAndNoLargerThanAPipeTakesAtOnce) {
  std::vector<std::string> pieces;
  std::string all;
  const std::string long_line(5000, 'l');
  {
    std::latch go_on(1);
    const auto log = Log::start(
        [&](std::string_view lines) {
          go_on.wait();
          pieces.emplace_back(lines);
          return true;
        },
        [] {});
    ASSERT_TRUE(log);
    for (int i = 0; i < 100; ++i) {
      const std::string line =
          i == 50 ? long_line : base::concat("line ", i, std::string(100, '.'));
      all += line + "\n";
      (*log)->line(line);
    }
    go_on.count_down();
  }
  std::string read;
  for (const std::string& each : pieces) {
    EXPECT_TRUE(each.size() <= 4096 || each == long_line + "\n") << each.size();
    EXPECT_TRUE(each.ends_with('\n'));
    read += each;
  }
  EXPECT_EQ(read, all);
  EXPECT_LT(pieces.size(), 20U) << "not each by itself";
}

}  // namespace
}  // namespace merlon::http
