#include "merlon/host/made_ahead.h"

#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "merlon/os/channel.h"
#include "merlon/os/testing/child.h"

namespace merlon::host {
namespace {

TEST(MadeAhead, TheKeepInAMachineIsToldThatItIsInOne) {
  launch::Preparation preparation;
  preparation.network = true;
  preparation.module = os::Fd::adopt(::dup(0));
  launch::Preparation expected;
  expected.confinement = launch::Confinement::Machine;
  expected.network = true;
  expected.module = os::Fd::adopt(::dup(0));
  const Letter letter = make_letter(std::move(preparation));
  EXPECT_EQ(letter.bytes, launch::encode(expected));
  ASSERT_EQ(letter.files.size(), 1U);
  EXPECT_TRUE(letter.files[0].file.is_open());
  EXPECT_EQ(letter.files[0].grant, Grant::ReadOnly);
}

/// A process with the keep's channel in its place, as the launcher starts it.
os::testing::Ended with_channel(os::BorrowedFd channel, const std::function<int()>& body) {
  return os::testing::in_child(
      [&] { return ::dup2(channel.number(), launch::keep_descriptor) < 0 ? 1 : body(); });
}

TEST(MadeAhead, AnEndIsToldWhenNothingIsOpenButItsChannel) {
  os::Channel channel = os::open_channel().value();
  const auto ended = with_channel(channel.there, [] {
    DescriptorTable table;
    if (!table.insert(os::Fd::adopt(::dup(0)))) return 1;
    tell_end(table, 42);
    if (table.count() != 0) return 2;
    for (int number = 0; number < launch::keep_descriptor; ++number) {
      if (::fcntl(number, F_GETFD) >= 0) return 3;
    }
    return 0;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
  EXPECT_EQ(launch::receive_end(channel.here).value_or(-1), 42);
}

TEST(MadeAhead, StreamsAreRenewedWhereTheKeepHasThemStill) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const os::Fd reads = os::Fd::adopt(ends[0]);
  const os::Fd writes = os::Fd::adopt(ends[1]);
  const auto ended = os::testing::in_child([&] {
    DescriptorTable table;
    for (int number = 0; number < launch::keep_descriptor; ++number) {
      if (!table.insert(os::Fd::adopt(::dup(0)))) return 1;
    }
    if (!table.close(0)) return 2;
    for (const int number : {1, 2}) ::dup2(writes.number(), number);
    if (!renew_streams(table)) return 3;
    if (table.find(0)) return 4;
    return os::write_all(*table.find(1), core::as_bytes("out")) &&
                   os::write_all(*table.find(2), core::as_bytes("err"))
               ? 0
               : 5;
  });
  EXPECT_TRUE(ended.with(0)) << ended;
  std::array<char, 7> said{};
  EXPECT_EQ(::read(reads.number(), said.data(), said.size()), 6);
  EXPECT_STREQ(said.data(), "outerr");
}

}  // namespace
}  // namespace merlon::host
