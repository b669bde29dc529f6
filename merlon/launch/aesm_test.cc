#include "merlon/launch/aesm.h"

#include <gtest/gtest.h>

#include "merlon/base/text.h"

namespace merlon::launch {
namespace {

using core::ErrorCode;
using Bytes = std::vector<std::uint8_t>;

std::vector<AesmRequest> requests() {
  const Bytes key(aesm_key_size, 7);
  const Bytes report(432, 9);
  return {{.command = AesmCommand::KeyCount, .timeout = 1},
          {.command = AesmCommand::KeyCount},
          {.command = AesmCommand::Keys, .room = 512},
          {.command = AesmCommand::InitQuote, .key = key, .timeout = 0xFFFF'FFFF},
          {.command = AesmCommand::InitQuote, .key = key, .wants_key_id = true, .room = 1ULL << 63},
          {.command = AesmCommand::QuoteSize, .key = key},
          {.command = AesmCommand::Quote, .key = key, .report = report, .room = 5000}};
}

std::vector<AesmAnswer> answers() {
  return {{.command = AesmCommand::KeyCount, .number = 2},
          {.command = AesmCommand::Keys, .content = Bytes(512, 1)},
          {.command = AesmCommand::InitQuote, .number = 32},
          {.command = AesmCommand::InitQuote, .content = Bytes(512, 2), .number = 32},
          {.command = AesmCommand::QuoteSize, .number = 5000},
          {.command = AesmCommand::Quote, .content = Bytes(5000, 3)},
          {.command = AesmCommand::Quote, .error = aesm_busy}};
}

TEST(Aesm, WhatIsWrittenIsReadAgain) {
  for (const AesmRequest& each : requests()) {
    EXPECT_EQ(AesmRequest::parse(each.bytes()).value(), each);
  }
  for (const AesmAnswer& each : answers()) {
    EXPECT_EQ(AesmAnswer::parse(each.bytes()).value(), each);
  }
}

// By hand, from the field numbers [INTEL-AESM messages.proto].
TEST(Aesm, MessagesAreThoseOfIntels) {
  const auto hex = [](const auto& message) { return base::hex(message.bytes()); };
  EXPECT_EQ(hex(AesmRequest{.command = AesmCommand::KeyCount, .timeout = 1'000'000}),
            "aa010448c0843d");
  EXPECT_EQ(hex(AesmRequest{.command = AesmCommand::Keys, .room = 256}), "b20103088002");
  EXPECT_EQ(hex(AesmRequest{.command = AesmCommand::InitQuote, .key = {0xAB}}), "7a050a01ab1800");
  EXPECT_EQ(
      hex(AesmRequest{
          .command = AesmCommand::InitQuote, .key = {0xAB}, .wants_key_id = true, .room = 32}),
      "7a070a01ab18012020");
  EXPECT_EQ(hex(AesmRequest{.command = AesmCommand::QuoteSize, .key = {0xAB}}), "8201030a01ab");
  EXPECT_EQ(
      hex(AesmRequest{.command = AesmCommand::Quote, .key = {0xAB}, .report = {0xCD}, .room = 300}),
      "8a01090a01cd1201ab20ac02");
  EXPECT_EQ(hex(AesmAnswer{.command = AesmCommand::InitQuote, .content = {0xEF}, .number = 32}),
            "7a0708001201ef1820");
  EXPECT_EQ(hex(AesmAnswer{.command = AesmCommand::Quote, .error = 18}), "8a01020812");
}

Bytes message(std::initializer_list<int> bytes) {
  Bytes made;
  for (const int byte : bytes) made.push_back(static_cast<std::uint8_t>(byte));
  return made;
}

TEST(Aesm, CutOrLongerMessagesAreRefused) {
  const auto check = [](const auto& made, auto parse) {
    const Bytes whole = made.bytes();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(parse(core::ByteView(whole).first(size)).has_value()) << size;
    }
    Bytes longer = whole;
    longer.push_back(0);
    EXPECT_FALSE(parse(longer).has_value());
    Bytes twice = whole;
    twice.insert(twice.end(), whole.begin(), whole.end());
    EXPECT_FALSE(parse(twice).has_value());
  };
  for (const auto& each : requests()) check(each, &AesmRequest::parse);
  for (const auto& each : answers()) check(each, &AesmAnswer::parse);
}

TEST(Aesm, FieldsAreThereOnceAndOfTheirKind) {
  const auto refused = [](std::initializer_list<int> bytes) {
    const auto made = AesmRequest::parse(message(bytes));
    return !made && made.error().code == ErrorCode::Malformed;
  };
  EXPECT_FALSE(refused({0xaa, 1, 2, 0x48, 1}));
  EXPECT_TRUE(refused({0xaa, 1, 4, 0x48, 1, 0x48, 1}));                // twice
  EXPECT_TRUE(refused({0xaa, 1, 3, 0x4a, 1, 1}));                      // bytes for a number
  EXPECT_TRUE(refused({0xaa, 1, 2, 0x50, 1}));                         // unknown
  EXPECT_TRUE(refused({0xaa, 1, 3, 0x48, 0x81, 0}));                   // longer than it need be
  EXPECT_TRUE(refused({0xaa, 1, 6, 0x48, 255, 255, 255, 255, 0x10}));  // more than 32 bits
  EXPECT_TRUE(refused({0x7a, 2, 0x18, 2}));                            // neither yes nor no
  EXPECT_TRUE(refused({0x7a, 0}));                                     // missing
  EXPECT_TRUE(refused({0x8a, 1, 2, 0x20, 1}));                         // a quote of nothing
  EXPECT_TRUE(refused({0xaa, 1, 2, 0x4b, 0x4c}));                      // a group
  EXPECT_TRUE(refused({0xa8, 1, 2}));                                  // no message
  EXPECT_TRUE(refused({2, 0}));                                        // field 0
  EXPECT_EQ(AesmRequest::parse(message({0x0a, 0})).error().code, ErrorCode::Unsupported);
  EXPECT_EQ(AesmAnswer::parse(message({0xa2, 1, 2, 8, 1})).error().code, ErrorCode::Unsupported);
}

TEST(Aesm, WhatANewerServiceSaysBesideIsPassedOver) {
  const Bytes more =
      message({0xaa, 1, 19, 8, 0, 16, 2, 0x3a, 1, 1, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 0x32, 1, 0});
  EXPECT_EQ(AesmAnswer::parse(more).value(), answers()[0]);
}

TEST(Aesm, FramesAreBounded) {
  const Bytes frame = aesm_frame(Bytes(300, 1));
  EXPECT_EQ(frame.size(), 304U);
  EXPECT_EQ(aesm_frame_size(core::ByteView(frame).first(4)).value(), 300U);
  EXPECT_EQ(aesm_frame_size(message({1, 0, 2, 0})).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(aesm_frame_size(message({0, 0, 2, 0})).value(), max_aesm_message);
  EXPECT_FALSE(AesmRequest::parse(Bytes(max_aesm_message + 1)).has_value());
}

TEST(Aesm, AlgorithmsOfKeysAreKnown) {
  Bytes key(aesm_key_size, 0);
  key[154] = 2;
  EXPECT_EQ(algorithm_of(key), aesm_ecdsa_p256);
  key.pop_back();
  EXPECT_EQ(algorithm_of(key), 0U);
  EXPECT_EQ(aesm_error_name(18), "busy");
  EXPECT_EQ(aesm_error_name(31), "platform not recognized");
  EXPECT_EQ(aesm_error_name(32), "an unknown error");
}

}  // namespace
}  // namespace merlon::launch
