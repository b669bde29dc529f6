#include "merlon/shim/linux/files.h"

#include <vector>

#include "merlon/shim/linux/testing/keep_test.h"

namespace merlon::shim::linux {
namespace {

using sallyport::Call;
using testing::Asked;
using testing::Machine;
using testing::Reply;
namespace nr = abi::number;

class FilesTest : public testing::KeepTest {
 protected:
  std::uint64_t place_vectors(const std::vector<abi::Vector>& vectors) {
    return place({reinterpret_cast<const char*>(vectors.data()), vectors.size() * 16});
  }
  /// All bytes that came to the host.
  std::string sent() {
    std::string all;
    for (const Asked& each : machine_.asked) all += each.sent;
    return all;
  }
  static Reply takes_all(const Asked& asked) {
    return {static_cast<std::int64_t>(asked.sent.size())};
  }
};

TEST_F(FilesTest, NoCallIsMadeForADescriptorThatTheKeepDoesNotHold) {
  const std::uint64_t at = make_room(256);
  for (const std::uint64_t number :
       {nr::read,     nr::write,   nr::pread64,    nr::pwrite64,  nr::readv,     nr::writev,
        nr::preadv,   nr::pwritev, nr::preadv2,    nr::pwritev2,  nr::close,     nr::fcntl,
        nr::ioctl,    nr::fstat,   nr::getdents64, nr::sendmsg,   nr::recvmsg,   nr::getsockopt,
        nr::lseek,    nr::fsync,   nr::fdatasync,  nr::ftruncate, nr::fallocate, nr::fadvise64,
        nr::shutdown, nr::accept4}) {
    EXPECT_EQ(call(number, {not_held, at, 1}), -abi::Badf) << number;
    EXPECT_EQ(call(number, {not_held, at, 2}), -abi::Badf) << number;
    EXPECT_EQ(call(number, {sallyport::max_descriptors + 1, at, 1}), -abi::Badf) << number;
    EXPECT_TRUE(asked_nothing()) << number;
  }
}

TEST_F(FilesTest, BytesThatAreReadArriveWhereTheKeepWantsThem) {
  const std::uint64_t at = make_room(8);
  answer(5, "hello");
  EXPECT_EQ(call(nr::read, {0, at, 8}), 5);
  EXPECT_EQ(machine_.get(at, 8), "hello???");
  Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::Read);
  EXPECT_EQ(asked.arguments[0], 0U);
  EXPECT_EQ(asked.room, 8U);
  EXPECT_EQ(call(nr::pread64, {3, at, 6, 77}), 5);
  asked = only_asked();
  EXPECT_EQ(asked.call, Call::ReadAt);
  EXPECT_EQ(asked.arguments[0], 3U);
  EXPECT_EQ(asked.arguments[1], 77U);
  EXPECT_EQ(asked.room, 6U);
  answer(-abi::Again);
  EXPECT_EQ(call(nr::read, {0, at, 8}), -abi::Again);
}

TEST_F(FilesTest, NothingIsReadToWhereTheKeepMayNotWrite) {
  for (const std::uint64_t at : {nowhere, read_only_, end_ - 4, std::uint64_t{0}}) {
    EXPECT_EQ(call(nr::read, {0, at, 8}), -abi::Fault);
    EXPECT_EQ(call(nr::getdents64, {0, at, 8}), -abi::Fault);
    EXPECT_TRUE(asked_nothing());
  }
}

TEST_F(FilesTest, OneReadBringsWhatTheBlockHoldsAtMost) {
  const std::uint64_t at = make_room(Machine::capacity + 1);
  EXPECT_EQ(call(nr::read, {0, at, Machine::capacity + 1}), 0);
  EXPECT_EQ(only_asked().room, Machine::capacity);
  EXPECT_EQ(call(nr::getdents64, {0, at, Machine::capacity + 1}), 0);
  EXPECT_EQ(only_asked().room, Machine::capacity);
}

TEST_F(FilesTest, WritesArePassedInPieces) {
  std::string text;
  for (int i = 0; text.size() < 2 * Machine::capacity + 10; ++i) text += std::to_string(i);
  const std::uint64_t at = place(text);
  machine_.host = takes_all;
  EXPECT_EQ(call(nr::pwrite64, {1, at, text.size(), 1000}), text.size());
  EXPECT_EQ(sent(), text);
  ASSERT_EQ(machine_.asked.size(), 3U);
  EXPECT_EQ(machine_.asked[0].call, Call::WriteAt);
  EXPECT_EQ(machine_.asked[0].arguments[1], 1000U);
  EXPECT_EQ(machine_.asked[1].arguments[1], 1000U + Machine::capacity);
  EXPECT_EQ(machine_.asked[2].arguments[1], 1000U + 2 * Machine::capacity);
  machine_.asked.clear();
  EXPECT_EQ(call(nr::write, {1, at, 4}), 4);
  EXPECT_EQ(only_asked().call, Call::Write);
}

TEST_F(FilesTest, AWriteEndsWhereTheHostTakesNoMore) {
  const std::uint64_t at = make_room(2 * Machine::capacity);
  answer(100);
  EXPECT_EQ(call(nr::write, {1, at, 2 * Machine::capacity}), 100);
  EXPECT_EQ(only_asked().sent.size(), Machine::capacity);
  machine_.host = [&](const Asked& asked) {
    return machine_.asked.size() == 1 ? takes_all(asked) : Reply{-abi::Io};
  };
  EXPECT_EQ(call(nr::write, {1, at, 2 * Machine::capacity}), Machine::capacity)
      << "what was written before the error";
  machine_.asked.clear();
  answer(-abi::Io);
  EXPECT_EQ(call(nr::write, {1, at, 5}), -abi::Io);
  machine_.asked.clear();
  answer(0);
  EXPECT_EQ(call(nr::write, {1, at, 0}), 0);
  EXPECT_EQ(only_asked().call, Call::Write) << "an empty write asks as well";
  EXPECT_EQ(call(nr::write, {1, end_ - 4, 5}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(FilesTest, VectorsAreFilledInOrder) {
  const std::uint64_t one = make_room(4);
  const std::uint64_t two = make_room(16);
  const std::uint64_t vectors = place_vectors({{one, 3}, {nowhere, 0}, {two, 10}});
  answer(8, "abcdefgh");
  EXPECT_EQ(call(nr::readv, {0, vectors, 3}), 8);
  EXPECT_EQ(only_asked().room, 13U);
  EXPECT_EQ(machine_.get(one, 4), "abc?");
  EXPECT_EQ(machine_.get(two, 6), "defgh?");
  EXPECT_EQ(call(nr::preadv, {0, vectors, 3, 5}), 8);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::ReadAt);
  EXPECT_EQ(asked.arguments[1], 5U);
}

TEST_F(FilesTest, NoVectorBehindTheLastIsLookedAt) {
  const std::uint64_t at = make_room(8);
  // The next would be behind all that is the keep's, or one that says more.
  const abi::Vector two[] = {{at, 3}, {at, 3}};
  machine_.put(end_ - sizeof(two), {reinterpret_cast<const char*>(two), sizeof(two)});
  answer(0);
  EXPECT_EQ(call(nr::readv, {0, end_ - sizeof(two), 2}), 0);
  EXPECT_EQ(only_asked().room, 6U);
  machine_.host = takes_all;
  EXPECT_EQ(call(nr::writev, {0, end_ - sizeof(two), 2}), 6);
  const std::uint64_t three = place_vectors({{at, 3}, {at, 3}, {at, 100}});
  EXPECT_EQ(call(nr::writev, {0, three, 2}), 6);
  answer(0);
  machine_.asked.clear();
  EXPECT_EQ(call(nr::readv, {0, three, 2}), 0);
  EXPECT_EQ(only_asked().room, 6U);
  EXPECT_EQ(call(nr::readv, {0, nowhere, 0}), 0);
  EXPECT_EQ(call(nr::writev, {0, nowhere, 0}), 0);
}

TEST_F(FilesTest, AListOfEmptyVectorsAsksAsWell) {
  const std::uint64_t vectors = place_vectors({{nowhere, 0}, {nowhere, 0}});
  answer(-abi::Io);
  EXPECT_EQ(call(nr::readv, {0, vectors, 2}), -abi::Io);
  EXPECT_EQ(only_asked().room, 0U);
}

TEST_F(FilesTest, OneVectorIsReadStraightToItsPlace) {
  const std::uint64_t at = make_room(8);
  answer(2, "ab");
  EXPECT_EQ(call(nr::readv, {0, place_vectors({{at, 8}}), 1}), 2);
  EXPECT_EQ(machine_.get(at, 3), "ab?");
  machine_.asked.clear();
  EXPECT_EQ(call(nr::readv, {0, place_vectors({{read_only_, 8}}), 1}), -abi::Fault);
  EXPECT_EQ(call(nr::readv, {0, nowhere, 1}), -abi::Fault);
  EXPECT_EQ(call(nr::writev, {0, nowhere, 1}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(FilesTest, VectorsAskForOnePieceAtMost) {
  const std::uint64_t at = make_room(2 * Machine::capacity);
  EXPECT_EQ(call(nr::readv, {0, place_vectors({{at, 10}, {at, 2 * Machine::capacity}}), 2}), 0);
  EXPECT_EQ(only_asked().room, Machine::capacity);
  EXPECT_EQ(call(nr::readv, {0, place_vectors({{at, 10}, {at, Machine::capacity - 10}}), 2}), 0);
  EXPECT_EQ(only_asked().room, Machine::capacity);
  EXPECT_EQ(call(nr::readv, {0, place_vectors({{at, 10}, {at, ~std::uint64_t{0}}}), 2}), 0);
  EXPECT_EQ(only_asked().room, Machine::capacity);
}

TEST_F(FilesTest, ListsOfVectorsAreBounded) {
  const std::uint64_t vectors = place_vectors(std::vector<abi::Vector>(abi::max_vectors + 1));
  answer(0);
  EXPECT_EQ(call(nr::readv, {0, vectors, abi::max_vectors}), 0);
  EXPECT_EQ(call(nr::writev, {0, vectors, abi::max_vectors}), 0);
  machine_.asked.clear();
  EXPECT_EQ(call(nr::readv, {0, vectors, abi::max_vectors + 1}), -abi::Inval);
  EXPECT_EQ(call(nr::writev, {0, vectors, abi::max_vectors + 1}), -abi::Inval);
  EXPECT_EQ(call(nr::readv, {0, end_ - 16, 2}), -abi::Fault);
  EXPECT_EQ(call(nr::writev, {0, end_ - 16, 2}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(FilesTest, NothingIsWrittenOfAListThatIsNotAllTheKeeps) {
  const std::uint64_t at = make_room(Machine::capacity);
  machine_.host = takes_all;
  const abi::Vector vectors[] = {{at, Machine::capacity}, {at, 1}};
  machine_.put(end_ - sizeof(vectors), {reinterpret_cast<const char*>(vectors), sizeof(vectors)});
  EXPECT_EQ(call(nr::writev, {1, end_ - sizeof(vectors), 3}), -abi::Fault);
  EXPECT_EQ(call(nr::readv, {1, end_ - sizeof(vectors), 3}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(FilesTest, WhatCannotBeSpreadIsAFault) {
  const std::uint64_t at = make_room(8);
  answer(6, "abcdef");
  EXPECT_EQ(call(nr::readv, {0, place_vectors({{at, 3}, {read_only_, 3}}), 2}), -abi::Fault);
  answer(2, "ab");
  EXPECT_EQ(call(nr::readv, {0, place_vectors({{at, 3}, {read_only_, 3}}), 2}), 2)
      << "the second was not needed";
  answer(-abi::Again);
  EXPECT_EQ(call(nr::readv, {0, place_vectors({{at, 3}, {at, 3}}), 2}), -abi::Again);
}

TEST_F(FilesTest, VectorsAreWrittenAsOne) {
  const std::uint64_t one = place("one,");
  const std::uint64_t two = place("two;");
  machine_.host = takes_all;
  const std::uint64_t vectors = place_vectors({{one, 4}, {nowhere, 0}, {two, 3}});
  EXPECT_EQ(call(nr::writev, {1, vectors, 3}), 7);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::Write);
  EXPECT_EQ(asked.sent, "one,two");
  EXPECT_EQ(call(nr::pwritev, {1, vectors, 3, 9}), 7);
  EXPECT_EQ(only_asked().arguments[1], 9U);
  EXPECT_EQ(call(nr::writev, {1, place_vectors({{two, 4}}), 1}), 4);
  EXPECT_EQ(only_asked().sent, "two;");
}

TEST_F(FilesTest, OneByteOfManyVectorsIsWrittenAndNoneIsNot) {
  const std::uint64_t at = place("a");
  machine_.host = takes_all;
  EXPECT_EQ(call(nr::writev, {1, place_vectors({{at, 0}, {at, 1}}), 2}), 1);
  EXPECT_EQ(only_asked().sent, "a");
  EXPECT_EQ(call(nr::writev, {1, place_vectors({{at, 0}, {at, 0}}), 2}), 0);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(FilesTest, ManyVectorsAreGatheredUntilTheBlockIsFull) {
  std::string text;
  for (int i = 0; text.size() < Machine::capacity + 100; ++i) text += std::to_string(i);
  text.resize(Machine::capacity + 100);
  const std::uint64_t at = place(text);
  const std::uint64_t vectors =
      place_vectors({{at, 50}, {at + 50, Machine::capacity}, {at + 50 + Machine::capacity, 50}});
  machine_.host = takes_all;
  EXPECT_EQ(call(nr::pwritev, {1, vectors, 3, 7}), text.size());
  EXPECT_EQ(sent(), text);
  ASSERT_EQ(machine_.asked.size(), 2U);
  EXPECT_EQ(machine_.asked[0].sent.size(), Machine::capacity);
  EXPECT_EQ(machine_.asked[1].arguments[1], 7 + Machine::capacity);
  machine_.asked.clear();
  answer(9);
  EXPECT_EQ(call(nr::writev, {1, vectors, 3}), 9);
  EXPECT_EQ(machine_.asked.size(), 1U) << "the host did not take all";
  machine_.asked.clear();
  answer(-abi::Io);
  EXPECT_EQ(call(nr::writev, {1, vectors, 3}), -abi::Io);
  EXPECT_EQ(machine_.asked.size(), 1U);
}

TEST_F(FilesTest, WhatCannotBeGatheredIsAFault) {
  const std::uint64_t at = make_room(2 * Machine::capacity);
  machine_.host = takes_all;
  EXPECT_EQ(call(nr::writev, {1, place_vectors({{at, 3}, {nowhere, 3}}), 2}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
  EXPECT_EQ(call(nr::writev, {1, place_vectors({{at, Machine::capacity}, {nowhere, 3}}), 2}),
            Machine::capacity)
      << "what was written before it";
}

TEST_F(FilesTest, PositionsOfTheNewestCalls) {
  const std::uint64_t at = make_room(8);
  const std::uint64_t vectors = place_vectors({{at, 1}, {at, 1}});
  answer(0);
  for (const std::uint64_t number : {nr::preadv2, nr::pwritev2}) {
    EXPECT_EQ(call(number, {0, vectors, 2, 5, 0, 0}), 0);
    EXPECT_EQ(machine_.asked.back().arguments[1], 5U);
    EXPECT_EQ(call(number, {0, vectors, 2, ~std::uint64_t{0}, 0, 0}), 0);
    EXPECT_TRUE(machine_.asked.back().call == Call::Read ||
                machine_.asked.back().call == Call::Write);
    machine_.asked.clear();
    EXPECT_EQ(call(number, {0, vectors, 2, 5, 0, 1}), -abi::Opnotsupp);
    EXPECT_TRUE(asked_nothing());
  }
}

TEST_F(FilesTest, ADescriptorThatIsClosedIsNoLongerHeld) {
  EXPECT_EQ(call(nr::close, {2}), 0);
  EXPECT_EQ(only_asked().call, Call::Close);
  EXPECT_EQ(call(nr::close, {2}), -abi::Badf);
  answer(-abi::Io);
  EXPECT_EQ(call(nr::close, {1}), -abi::Io);
  EXPECT_EQ(call(nr::close, {1}), -abi::Badf) << "closed, whatever the host says";
}

TEST_F(FilesTest, ControlsOfADescriptor) {
  EXPECT_EQ(call(nr::fcntl, {0, abi::f_getfd}), 1);
  EXPECT_EQ(call(nr::fcntl, {0, abi::f_setfd, 0}), 0);
  EXPECT_EQ(call(nr::fcntl, {0, 99, 0}), -abi::Inval);
  EXPECT_TRUE(asked_nothing());
  answer(0x802);
  EXPECT_EQ(call(nr::fcntl, {0, abi::f_getfl}), 0x802);
  EXPECT_EQ(only_asked().call, Call::GetFlags);
  answer(0);
  EXPECT_EQ(call(nr::fcntl, {1, abi::f_setfl, 0x800}), 0);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::SetFlags);
  EXPECT_EQ(asked.arguments[0], 1U);
  EXPECT_EQ(asked.arguments[1], 0x800U);
  answer(7);
  EXPECT_EQ(call(nr::fcntl, {1, abi::f_dupfd_cloexec, 0}), 7);
  EXPECT_EQ(only_asked().call, Call::Duplicate);
  EXPECT_TRUE(machine_.port().descriptors().holds(7));
}

TEST_F(FilesTest, ATerminalIsKnownByItsSettings) {
  const std::uint64_t at = make_room(40);
  EXPECT_EQ(call(nr::ioctl, {0, abi::tcgets, at}), 0);
  EXPECT_EQ(only_asked().call, Call::IsTerminal);
  EXPECT_EQ(machine_.get(at, 40), std::string(36, '\0') + "????");
  EXPECT_EQ(call(nr::ioctl, {0, abi::tcgets, read_only_}), -abi::Fault);
  answer(-abi::Notty);
  EXPECT_EQ(call(nr::ioctl, {0, abi::tcgets, at}), -abi::Notty);
  machine_.asked.clear();
  EXPECT_EQ(call(nr::ioctl, {0, 0x5413, at}), -abi::Notty);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(FilesTest, BytesThatWaitAreCounted) {
  const std::uint64_t at = make_room(8);
  answer(300);
  EXPECT_EQ(call(nr::ioctl, {0, abi::fionread, at}), 0);
  EXPECT_EQ(only_asked().call, Call::Readable);
  EXPECT_EQ(item_at<std::int32_t>(at), 300);
  EXPECT_EQ(machine_.get(at + 4, 1), "?");
  answer(0);
  EXPECT_EQ(call(nr::ioctl, {0, abi::fionread, at}), 0);
  EXPECT_EQ(item_at<std::int32_t>(at), 0) << "none is a number too";
  EXPECT_EQ(call(nr::ioctl, {0, abi::fionread, read_only_}), -abi::Fault);
  answer(-abi::Io);
  EXPECT_EQ(call(nr::ioctl, {0, abi::fionread, at}), -abi::Io);
}

TEST_F(FilesTest, AttributesAreThoseThatTheHostTold) {
  sallyport::Status status{};
  status.device = 1;
  status.inode = 2;
  status.links = 3;
  status.size = (std::uint64_t{1} << 63U) | 4;  // no file has a negative size
  status.accessed = 5'000'000'006;
  status.modified = 7'000'000'008;
  status.changed = 9'999'999'999;
  status.mode = 0100644;
  const std::uint64_t at = make_room(sizeof(abi::Stat));
  answer(0, {reinterpret_cast<const char*>(&status), sizeof(status)});
  EXPECT_EQ(call(nr::fstat, {0, at}), 0);
  EXPECT_EQ(only_asked().call, Call::Status);
  const auto stat = item_at<abi::Stat>(at);
  EXPECT_EQ(stat.device, 1U);
  EXPECT_EQ(stat.inode, 2U);
  EXPECT_EQ(stat.links, 3U);
  EXPECT_EQ(stat.size, 4);
  EXPECT_EQ(stat.mode, 0100644U);
  EXPECT_EQ(stat.block_size, 4096);
  EXPECT_EQ(stat.accessed.seconds, 5);
  EXPECT_EQ(stat.accessed.nanoseconds, 6);
  EXPECT_EQ(stat.modified.seconds, 7);
  EXPECT_EQ(stat.changed.nanoseconds, 999'999'999);
  EXPECT_EQ(stat.user, 0U);
  EXPECT_EQ(call(nr::fstat, {0, read_only_}), -abi::Fault);
  answer(-abi::Io);
  EXPECT_EQ(call(nr::fstat, {0, at}), -abi::Io);
}

/// With the status come the flags, and whether it is a terminal.
TEST_F(FilesTest, WhatWasJustToldIsNotAskedAgain) {
  const std::uint64_t at = make_room(sizeof(abi::Stat));
  std::uint32_t told = sallyport::open_file_told | 0x402;
  std::int64_t flags = 0x8000;
  machine_.host = [&](const Asked& asked) -> Reply {
    sallyport::Status status{};
    status.open_file = told;
    if (asked.call == Call::Status) {
      return {0, {reinterpret_cast<const char*>(&status), sizeof(status)}};
    }
    return {asked.call == Call::GetFlags ? flags : -abi::Notty};
  };
  ASSERT_EQ(call(nr::fstat, {1, at}), 0);
  machine_.asked.clear();
  EXPECT_EQ(call(nr::fcntl, {1, abi::f_getfl}), 0x402);
  EXPECT_EQ(call(nr::ioctl, {1, abi::tcgets, at}), -abi::Notty);
  EXPECT_TRUE(asked_nothing());
  EXPECT_EQ(call(nr::fcntl, {0, abi::f_getfl}), 0x8000) << "of another file";
  EXPECT_EQ(call(nr::fcntl, {1, abi::f_getfl}), 0x8000) << "it may have changed since";
  told |= sallyport::open_file_is_terminal;
  ASSERT_EQ(call(nr::fstat, {1, at}), 0);
  machine_.asked.clear();
  EXPECT_EQ(call(nr::ioctl, {1, abi::tcgets, at}), 0);
  EXPECT_EQ(call(nr::fcntl, {1, abi::f_getfl}), 0x402);
  EXPECT_TRUE(asked_nothing());
  told = 0x402;
  ASSERT_EQ(call(nr::fstat, {1, at}), 0);
  EXPECT_EQ(call(nr::fcntl, {1, abi::f_getfl}), 0x8000) << "not told";
}

TEST_F(FilesTest, DirectoriesAreReadAsTheyAre) {
  const std::uint64_t at = make_room(8);
  answer(3, "abc");
  EXPECT_EQ(call(nr::getdents64, {3, at, 8}), 3);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::ReadDirectory);
  EXPECT_EQ(asked.arguments[0], 3U);
  EXPECT_EQ(asked.room, 8U);
  EXPECT_EQ(machine_.get(at, 4), "abc?");
}

TEST_F(FilesTest, NumbersArePassedOnAsTheyAre) {
  const auto arguments = [&](std::uint64_t number, Call wanted) {
    EXPECT_EQ(call(number, {3, 11, 12, 13}), 0);
    const Asked asked = only_asked();
    EXPECT_EQ(asked.call, wanted) << number;
    return std::vector(asked.arguments.begin(), asked.arguments.begin() + 4);
  };
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(arguments(nr::lseek, Call::Seek), (Numbers{3, 11, 12, 0}));
  EXPECT_EQ(arguments(nr::fsync, Call::Synchronize), (Numbers{3, 0, 0, 0}));
  EXPECT_EQ(arguments(nr::fdatasync, Call::Synchronize), (Numbers{3, 1, 0, 0}));
  EXPECT_EQ(arguments(nr::ftruncate, Call::Truncate), (Numbers{3, 11, 0, 0}));
  EXPECT_EQ(arguments(nr::fallocate, Call::Allocate), (Numbers{3, 11, 12, 13}));
  EXPECT_EQ(arguments(nr::fadvise64, Call::Advise), (Numbers{3, 11, 12, 13}));
  EXPECT_EQ(arguments(nr::shutdown, Call::ShutDown), (Numbers{3, 11, 0, 0}));
  answer(20);
  EXPECT_EQ(call(nr::accept4, {3, 0, 0, 0x800}), 20);
  const Asked asked = only_asked();
  EXPECT_EQ(asked.call, Call::Accept);
  EXPECT_EQ(asked.arguments[1], 0x800U);
  answer(21);
  EXPECT_EQ(call(nr::eventfd2, {5, 0}), 21);
  EXPECT_EQ(only_asked().arguments[0], 5U);
  EXPECT_TRUE(files::holds(20) && files::holds(21));
}

class PollTest : public FilesTest {
 protected:
  std::uint64_t place_items(const std::vector<sallyport::PollItem>& items) {
    return place({reinterpret_cast<const char*>(items.data()), items.size() * 8});
  }
};

TEST_F(PollTest, OnlyWhatIsReadyIsTakenFromTheAnswer) {
  const std::uint64_t at = place_items({{0, 1, 0}, {-1, 1, 0}, {3, 4, 9}});
  machine_.host = [](const Asked& asked) {
    const sallyport::PollItem lies[] = {{77, 66, 1}, {3, 3, 0}, {55, 44, 4}};
    EXPECT_EQ(asked.arguments[0], 3U);
    EXPECT_EQ(asked.arguments[1], sallyport::forever);
    EXPECT_EQ(asked.sent.size(), sizeof(lies));
    return Reply{2, {reinterpret_cast<const char*>(lies), sizeof(lies)}};
  };
  EXPECT_EQ(call(nr::ppoll, {at, 3, 0}), 2);
  const std::int32_t descriptors[] = {0, -1, 3};
  const std::uint16_t events[] = {1, 1, 4};
  const std::uint16_t ready[] = {1, 0, 4};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto item = item_at<sallyport::PollItem>(at + 8 * i);
    EXPECT_EQ(item.descriptor, descriptors[i]);
    EXPECT_EQ(item.events, events[i]);
    EXPECT_EQ(item.ready, ready[i]);
  }
}

TEST_F(PollTest, TimesArePassedInNanoseconds) {
  const auto limit = [&](std::int64_t seconds, std::int64_t nanoseconds) {
    const std::int64_t answer = call(
        nr::ppoll, {place_items({{0, 1, 0}}), 1, place_item(abi::TimeSpec{seconds, nanoseconds})});
    if (answer < 0) return answer;
    return static_cast<std::int64_t>(only_asked().arguments[1]);
  };
  EXPECT_EQ(limit(2, 5), 2'000'000'005);
  EXPECT_EQ(limit(0, 0), 0);
  EXPECT_EQ(limit(0, 999'999'999), 999'999'999);
  EXPECT_EQ(limit(INT64_MAX, 0), 1'000'000'000'000'000'000) << "as good as never";
  EXPECT_EQ(limit(-1, 0), -abi::Inval);
  EXPECT_EQ(limit(0, -1), -abi::Inval);
  EXPECT_EQ(limit(0, 1'000'000'000), -abi::Inval);
  EXPECT_EQ(call(nr::ppoll, {place_items({{0, 1, 0}}), 1, nowhere}), -abi::Fault);
  EXPECT_TRUE(asked_nothing());
}

TEST_F(PollTest, ItemsAreJudgedBeforeTheHostSeesThem) {
  EXPECT_EQ(call(nr::ppoll, {place_items({{0, 1, 0}, {not_held, 1, 0}}), 2, 0}), -abi::Badf);
  ASSERT_EQ(call(nr::close, {0}), 0);
  machine_.asked.clear();
  EXPECT_EQ(call(nr::ppoll, {place_items({{0, 1, 0}}), 1, 0}), -abi::Badf);
  EXPECT_EQ(call(nr::ppoll, {read_only_, 1, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::ppoll, {end_ - 8, 2, 0}), -abi::Fault);
  EXPECT_EQ(call(nr::ppoll, {next_, sallyport::max_poll_items + 1, 0}), -abi::Inval);
  EXPECT_TRUE(asked_nothing());
  const std::vector<sallyport::PollItem> most(sallyport::max_poll_items, {1, 1, 0});
  EXPECT_EQ(call(nr::ppoll, {place_items(most), most.size(), 0}), 0);
  answer(-abi::Intr);
  EXPECT_EQ(call(nr::ppoll, {place_items({{1, 1, 7}}), 1, 0}), -abi::Intr);
}

}  // namespace
}  // namespace merlon::shim::linux
