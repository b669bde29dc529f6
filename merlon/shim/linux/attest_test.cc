#include "merlon/shim/linux/attest.h"

#include "merlon/core/attest_call.h"
#include "merlon/shim/linux/testing/keep_test.h"

namespace merlon::shim::linux {
namespace {

using sallyport::Call;
using testing::Asked;

constexpr std::uint64_t guest_message = 1;
constexpr std::uint64_t certificates = 2;

class AttestTest : public testing::KeepTest {};

TEST_F(AttestTest, AMessageIsCarriedThereAndItsAnswerBack) {
  const std::uint64_t message = place("a message");
  const std::uint64_t into = make_room(64);
  answer(6, "answer");
  EXPECT_EQ(call(core::attest_call, {guest_message, message, 9, into, 64}), 6);
  EXPECT_EQ(machine_.get(into, 7), "answer?");
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::Attest);
  EXPECT_EQ(asked.arguments[0], guest_message);
  EXPECT_EQ(asked.sent, "a message");
}

TEST_F(AttestTest, CertificatesNeedNoMessage) {
  const std::uint64_t into = make_room(16);
  answer(4, "cert");
  EXPECT_EQ(call(core::attest_call, {certificates, 0, 0, into, 16}), 4);
  EXPECT_EQ(only_asked().sent, "");
}

TEST_F(AttestTest, WhatTheHostRefusesIsTold) {
  answer(-abi::Again);
  EXPECT_EQ(call(core::attest_call, {certificates, 0, 0, make_room(8), 8}), -abi::Again);
}

TEST_F(AttestTest, AProcessorThatIsAtHandIsAskedWithoutTheHost) {
  const std::uint64_t message = place("a message");
  const std::uint64_t into = make_room(64);
  std::string heard;
  machine_.processor = [&](std::uint64_t kind, core::ByteView sent, core::ByteSpan answer) {
    heard = std::to_string(kind).append(core::as_text(sent));
    answer[0] = 'x';
    return answer.size() == 64 ? std::int64_t{1} : std::int64_t{-abi::Io};
  };
  EXPECT_EQ(call(core::attest_call, {guest_message, message, 9, into, 64}), 1);
  EXPECT_EQ(heard, "1a message");
  EXPECT_EQ(machine_.get(into, 2), "x?");
  EXPECT_EQ(call(core::attest_call, {guest_message, nowhere, 9, into, 64}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(AttestTest, OtherKindsAndTooMuchAreRefusedHere) {
  const std::uint64_t into = make_room(8);
  const std::uint64_t much = port().capacity() + 1;
  EXPECT_EQ(call(core::attest_call, {0, into, 8, into, 8}), -abi::Inval);
  EXPECT_EQ(call(core::attest_call, {8, into, 8, into, 8}), -abi::Inval);
  EXPECT_EQ(call(core::attest_call, {guest_message, into, much, into, 8}), -abi::Inval);
  EXPECT_EQ(call(core::attest_call, {guest_message, into, 8, into, much}), -abi::Inval);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(AttestTest, OnlyMemoryOfTheKeepIsReadAndWritten) {
  const std::uint64_t own = make_room(8);
  EXPECT_EQ(call(core::attest_call, {guest_message, nowhere, 8, own, 8}), -abi::Fault);
  EXPECT_EQ(call(core::attest_call, {guest_message, own, 8, nowhere, 8}), -abi::Fault);
  EXPECT_EQ(call(core::attest_call, {guest_message, own, 8, read_only_, 8}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

}  // namespace
}  // namespace merlon::shim::linux
