#include "merlon/shim/linux/sockets.h"

#include <vector>

#include "merlon/shim/linux/testing/keep_test.h"

namespace merlon::shim::linux {
namespace {

using sallyport::Call;
using testing::Asked;
using testing::Machine;
using testing::Reply;
namespace nr = abi::number;

class SocketsTest : public testing::KeepTest {
 protected:
  std::uint64_t place_message(const std::vector<abi::Vector>& vectors, std::uint64_t control = 0,
                              std::uint64_t control_size = 0) {
    abi::MessageHeader header{};
    header.vectors = place({reinterpret_cast<const char*>(vectors.data()), vectors.size() * 16});
    header.vector_count = vectors.size();
    header.control = control;
    header.control_size = control_size;
    header.flags = 0xffff;
    return place_item(header);
  }
  abi::MessageHeader header_at(std::uint64_t message) const {
    return item_at<abi::MessageHeader>(message);
  }
  /// What a host sends for a message with descriptors.
  static std::string delivery(const std::vector<std::uint32_t>& numbers, std::string_view bytes) {
    std::vector<std::uint32_t> words{static_cast<std::uint32_t>(numbers.size())};
    words.insert(words.end(), numbers.begin(), numbers.end());
    return std::string(reinterpret_cast<const char*>(words.data()), words.size() * 4).append(bytes);
  }

  static constexpr std::size_t overhead = 4 + 4 * sallyport::max_delivered_descriptors;
};

TEST_F(SocketsTest, AMessageIsSentAsOne) {
  const std::uint64_t one = place("one,");
  const std::uint64_t two = place("two");
  answer(6);
  EXPECT_EQ(call(nr::sendmsg, {3, place_message({{one, 4}, {nowhere, 0}, {two, 2}})}), 6);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::Send);
  EXPECT_EQ(asked.arguments[0], 3U);
  EXPECT_EQ(asked.sent, "one,tw");
}

TEST_F(SocketsTest, NoVectorBehindTheLastIsLookedAt) {
  const abi::Vector only{place("ab"), 2};
  machine_.put(end_ - sizeof(only), {reinterpret_cast<const char*>(&only), sizeof(only)});
  abi::MessageHeader header{};
  header.vectors = end_ - sizeof(only);
  header.vector_count = 1;
  const std::uint64_t message = place_item(header);
  answer(2);
  EXPECT_EQ(call(nr::sendmsg, {3, message}), 2);
  EXPECT_EQ(only_asked().sent, "ab");
  answer(2, "cd");
  EXPECT_EQ(call(nr::recvmsg, {3, message, 0}), 2);
  header.vectors = nowhere;
  header.vector_count = 0;
  answer(0);
  EXPECT_EQ(call(nr::sendmsg, {3, place_item(header)}), 0);
  EXPECT_EQ(call(nr::recvmsg, {3, place_item(header), 0}), 0);
}

TEST_F(SocketsTest, AMessageIsSentAsFarAsTheBlockHoldsIt) {
  const std::uint64_t at = make_room(2 * Machine::capacity);
  answer(1);
  EXPECT_EQ(call(nr::sendmsg, {3, place_message({{at, 10}, {at, 2 * Machine::capacity}})}), 1);
  EXPECT_EQ(only_asked().sent.size(), Machine::capacity);
  EXPECT_EQ(call(nr::sendmsg, {3, place_message({{at, Machine::capacity}, {nowhere, 1}})}), 1)
      << "the second is not looked at";
  EXPECT_EQ(only_asked().sent.size(), Machine::capacity);
}

TEST_F(SocketsTest, WhatCannotBeSentIsNotAskedFor) {
  const std::uint64_t at = make_room(8);
  EXPECT_EQ(call(nr::sendmsg, {3, nowhere}), -abi::Inval);
  EXPECT_EQ(call(nr::sendmsg, {3, place_message({{at, 8}}, at, 8)}), -abi::Inval)
      << "no descriptors";
  EXPECT_EQ(call(nr::sendmsg, {3, place_message({{nowhere, 8}})}), -abi::Fault);
  EXPECT_EQ(call(nr::sendmsg, {3, place_message(std::vector<abi::Vector>(1025))}), -abi::Inval);
  abi::MessageHeader header{};
  header.vectors = nowhere;
  header.vector_count = 1;
  EXPECT_EQ(call(nr::sendmsg, {3, place_item(header)}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
  answer(0);
  EXPECT_EQ(call(nr::sendmsg, {3, place_message(std::vector<abi::Vector>(1024))}), 0);
}

TEST_F(SocketsTest, AMessageIsReceivedIntoItsFirstVector) {
  const std::uint64_t at = make_room(8);
  const std::uint64_t message = place_message({{nowhere, 0}, {at, 4}, {nowhere, 9}});
  answer(3, "abc");
  EXPECT_EQ(call(nr::recvmsg, {3, message, 0x42}), 3);
  EXPECT_EQ(machine_.get(at, 4), "abc?");
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::Receive);
  EXPECT_EQ(asked.arguments[0], 3U);
  EXPECT_EQ(asked.arguments[1], 0x42U);
  EXPECT_EQ(asked.room, 4U);
  EXPECT_EQ(header_at(message).flags, 0U);
  answer(-abi::Again);
  EXPECT_EQ(call(nr::recvmsg, {3, message, 0}), -abi::Again);
}

TEST_F(SocketsTest, WhatCannotBeReceivedIsNotAskedFor) {
  EXPECT_EQ(call(nr::recvmsg, {3, nowhere, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{read_only_, 4}}), 0}), -abi::Fault);
  EXPECT_EQ(call(nr::recvmsg, {3, place_message(std::vector<abi::Vector>(1025)), 0}), -abi::Fault);
  abi::MessageHeader header{};
  header.vectors = nowhere;
  header.vector_count = 1;
  EXPECT_EQ(call(nr::recvmsg, {3, place_item(header), 0}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
  // Nothing but empty vectors: there is still something to ask.
  answer(0);
  EXPECT_EQ(call(nr::recvmsg, {3, place_message(std::vector<abi::Vector>(1024)), 0}), 0);
  EXPECT_EQ(only_asked().room, 0U);
  const std::uint64_t large = make_room(Machine::capacity + 1);
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{large, Machine::capacity + 1}}), 0}), 0);
  EXPECT_EQ(only_asked().room, Machine::capacity);
}

TEST_F(SocketsTest, DescriptorsComeWithAMessage) {
  const std::uint64_t at = make_room(8);
  const std::uint64_t control = make_room(64);
  const std::uint64_t message = place_message({{at, 8}}, control, 64);
  answer(5, delivery({20, 21}, "hello"));
  EXPECT_EQ(call(nr::recvmsg, {3, message, 0}), 5);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::ReceiveDescriptors);
  EXPECT_EQ(asked.arguments[1], 8U);
  EXPECT_EQ(asked.room, 8 + overhead);
  EXPECT_EQ(machine_.get(at, 8), "hello???");
  EXPECT_EQ(header_at(message).control_size, 16U + 8U);
  EXPECT_EQ(header_at(message).flags, 0U);
  const auto header = item_at<abi::ControlHeader>(control);
  EXPECT_EQ(header.size, 16U + 8U);
  EXPECT_EQ(header.level, abi::sol_socket);
  EXPECT_EQ(header.type, abi::scm_rights);
  EXPECT_EQ(item_at<std::uint32_t>(control + 16), 20U);
  EXPECT_EQ(item_at<std::uint32_t>(control + 20), 21U);
  EXPECT_EQ(machine_.get(control + 24, 1), "?");
  EXPECT_TRUE(machine_.port().descriptors().holds(21));
}

TEST_F(SocketsTest, AMessageMayComeWithoutDescriptors) {
  const std::uint64_t at = make_room(8);
  const std::uint64_t control = make_room(64);
  const std::uint64_t message = place_message({{at, 8}}, control, 64);
  answer(2, delivery({}, "hi"));
  EXPECT_EQ(call(nr::recvmsg, {3, message, 0}), 2);
  EXPECT_EQ(header_at(message).control_size, 0U);
  EXPECT_EQ(machine_.get(at, 3), "hi?");
  EXPECT_EQ(machine_.get(control, 1), "?");
}

TEST_F(SocketsTest, TheEndOfAStreamIsAMessageToo) {
  const std::uint64_t at = make_room(8);
  const std::uint64_t message = place_message({{at, 4}});
  answer(0);
  EXPECT_EQ(call(nr::recvmsg, {3, message, 0}), 0);
  EXPECT_EQ(header_at(message).flags, 0U);
  const std::uint64_t with_control = place_message({{at, 4}}, make_room(64), 64);
  answer(0, delivery({}, ""));
  EXPECT_EQ(call(nr::recvmsg, {3, with_control, 0}), 0);
  EXPECT_EQ(header_at(with_control).flags, 0U);
  EXPECT_EQ(header_at(with_control).control_size, 0U);
}

TEST_F(SocketsTest, NoMoreThanTheBlockHoldsIsDelivered) {
  const std::uint64_t at = make_room(Machine::capacity);
  answer(0, delivery({}, ""));
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{at, Machine::capacity}}, next_, 64), 0}), 0);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.room, Machine::capacity);
  EXPECT_EQ(asked.arguments[1], Machine::capacity - overhead);
}

TEST_F(SocketsTest, BytesThatTheKeepDidNotAskForAreNotWritten) {
  const std::uint64_t at = make_room(8);
  answer(5, delivery({}, "hello"));
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{at, 4}}, next_, 64), 0}), -abi::Io);
  EXPECT_EQ(machine_.get(at, 8), "????????");
  answer(4, delivery({}, "hell"));
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{at, 4}}, make_room(64), 64), 0}), 4);
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{read_only_, 4}}, make_room(64), 64), 0}),
            -abi::Fault);
  answer(-abi::Again);
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{at, 4}}, make_room(64), 64), 0}), -abi::Again);
}

TEST_F(SocketsTest, ControlDataIsWrittenWhereTheKeepMayOnly) {
  const std::uint64_t at = make_room(8);
  answer(1, delivery({20}, "x"));
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{at, 8}}, nowhere, 64), 0}), -abi::Fault);
  answer(1, delivery({21}, "x"));
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{at, 8}}, end_ - 16, 64), 0}), -abi::Fault);
  // Exactly enough room.
  const std::uint64_t control = make_room(20);
  answer(1, delivery({22}, "x"));
  EXPECT_EQ(call(nr::recvmsg, {3, place_message({{at, 8}}, control, 20), 0}), 1);
  EXPECT_EQ(item_at<std::uint32_t>(control + 16), 22U);
}

TEST_F(SocketsTest, DescriptorsWithoutRoomEndTheKeep) {
  const std::uint64_t at = make_room(8);
  const std::uint64_t message = place_message({{at, 8}}, make_room(32), 23);
  answer(1, delivery({20, 21}, "x"));
  EXPECT_EXIT(call(nr::recvmsg, {3, message, 0}), ::testing::ExitedWithCode(125),
              "more descriptors came than there is room for");
}

TEST_F(SocketsTest, OptionsThatASocketTells) {
  const std::uint64_t value = make_room(8);
  const std::uint64_t size = make_room(8);
  answer(1);
  EXPECT_EQ(call(nr::getsockopt, {3, abi::sol_socket, abi::so_type, value, size}), 0);
  Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::SocketOption);
  EXPECT_EQ(asked.arguments[0], 3U);
  EXPECT_EQ(asked.arguments[1], 0U);
  EXPECT_EQ(item_at<std::int32_t>(value), 1);
  EXPECT_EQ(item_at<std::uint32_t>(size), 4U);
  answer(0);
  EXPECT_EQ(call(nr::getsockopt, {3, abi::sol_socket, abi::so_acceptconn, value, size}), 0);
  EXPECT_EQ(only_asked().arguments[1], 1U);
  EXPECT_EQ(item_at<std::int32_t>(value), 0);
  EXPECT_EQ(call(nr::getsockopt, {3, abi::sol_socket, 4, value, size}), -abi::Opnotsupp);
  EXPECT_EQ(call(nr::getsockopt, {3, 6, abi::so_type, value, size}), -abi::Opnotsupp);
  EXPECT_TRUE(asked_nothing());
  EXPECT_EQ(call(nr::getsockopt, {3, 1, abi::so_acceptconn, nowhere, size}), -abi::Fault);
  EXPECT_EQ(call(nr::getsockopt, {3, 1, abi::so_acceptconn, value, nowhere}), -abi::Fault);
  answer(-abi::Notty);
  EXPECT_EQ(call(nr::getsockopt, {3, 1, abi::so_type, value, size}), -abi::Notty);
}

}  // namespace
}  // namespace merlon::shim::linux
