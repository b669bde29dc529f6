#include "merlon/keep/private_talk.h"

#include <array>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "merlon/os/channel.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::keep {
namespace {

using delivery::Direction;
using delivery::RecordKind;
using os::Errno;
using Bytes = std::vector<std::uint8_t>;

crypto::HpkeExporter exporter() { return crypto::HpkeExporter(crypto::SecretBytes(Bytes(32, 3))); }

/// A keep's talk, with its tenant at the other end of a socket.
class Talks : public ::testing::Test {
 protected:
  Talks() {
    auto channel = os::open_channel().value();
    there_ = std::move(channel.there);
    talk_ = PrivateTalk::begin(std::move(channel.here), exporter(), module_);
    EXPECT_TRUE(os::set_nonblock(there_, true));
  }

  /// Everything that the keep has said since the last call.
  std::vector<delivery::Record> heard() {
    Bytes bytes(1 << 20);
    const auto size = ::read(there_.number(), bytes.data(), bytes.size());
    if (size > 0) opener_.feed(core::ByteView(bytes).first(static_cast<std::size_t>(size)));
    std::vector<delivery::Record> all;
    for (auto record = opener_.next(); record && *record; record = opener_.next()) {
      all.push_back(**std::move(record));
    }
    return all;
  }
  void say(RecordKind kind, std::string_view content) {
    EXPECT_TRUE(os::write_all(there_, tenant_.seal(kind, core::as_bytes(content))));
  }
  static os::Result<std::string> read(net::Stream& stream, std::size_t most = 100,
                                      os::ReceiveFlags flags = {}) {
    std::string text(most, '\0');
    const std::array<::iovec, 1> into{{{text.data(), text.size()}}};
    const auto got = stream.receive(into, flags);
    if (!got) return got.error();
    text.resize(got->size);
    return text;
  }
  static os::Result<std::size_t> write(net::Stream& stream, std::string text) {
    const std::array<::iovec, 1> from{{{text.data(), text.size()}}};
    return stream.send(from);
  }

  crypto::Sha256Digest module_ = crypto::sha256({core::as_bytes("module")});
  os::Fd there_;
  delivery::RecordOpener opener_{delivery::record_key(exporter(), Direction::FromKeep),
                                 Direction::FromKeep};
  delivery::RecordSealer tenant_{delivery::record_key(exporter(), Direction::ToKeep)};
  std::shared_ptr<PrivateTalk> talk_;
};

TEST_F(Talks, BeginWithTheModuleThatWasTaken) {
  const auto said = heard();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].kind, RecordKind::Taken);
  EXPECT_TRUE(std::ranges::equal(said[0].content, module_.view()));
}

TEST_F(Talks, CarryTheWorkloadsStreams) {
  static_cast<void>(heard());
  EXPECT_EQ(write(*talk_->standard_output(), "out").value(), 3U);
  EXPECT_EQ(write(*talk_->standard_error(), "err").value(), 3U);
  talk_->remark("a remark");
  EXPECT_TRUE(talk_->output(core::as_bytes("a result")));
  talk_->end(7);
  const auto said = heard();
  ASSERT_EQ(said.size(), 5U);
  EXPECT_EQ(said[0].kind, RecordKind::Output);
  EXPECT_EQ(said[1].kind, RecordKind::Errors);
  EXPECT_EQ(said[2].kind, RecordKind::Remark);
  EXPECT_EQ(core::as_text(said[2].content), "a remark");
  EXPECT_EQ(core::as_text(said[3].content), "a result");
  EXPECT_EQ(said[4].kind, RecordKind::Ended);
  EXPECT_EQ(said[4].content, (Bytes{7, 0, 0, 0}));
}

TEST_F(Talks, GiveInputAsItComes) {
  const auto input = talk_->standard_input();
  EXPECT_EQ(read(*input).error(), Errno::Again);
  EXPECT_NE(input->look(net::Side::Read).known, net::Readiness::Known::Yes);
  say(RecordKind::Input, "one ");
  say(RecordKind::Input, "two");
  EXPECT_EQ(input->look(net::Side::Read).known, net::Readiness::Known::Yes);
  EXPECT_EQ(read(*input, 2, {.peek = true}).value(), "on");
  EXPECT_EQ(read(*input, 2).value(), "on");
  EXPECT_EQ(read(*input).value(), "e two");
  say(RecordKind::InputEnd, "");
  EXPECT_EQ(read(*input).value(), "");
  EXPECT_EQ(read(*input).value(), "");
  say(RecordKind::Input, "too late");
  EXPECT_EQ(read(*input).value(), "");
}

TEST_F(Talks, TellInputThatWasCutFromItsEnd) {
  const auto input = talk_->standard_input();
  say(RecordKind::Input, "part");
  there_.close();
  EXPECT_EQ(read(*input).value(), "part");
  EXPECT_EQ(read(*input).error(), Errno::Connreset);
}

TEST_F(Talks, BelieveNoInputThatTheTenantDidNotMake) {
  const auto input = talk_->standard_input();
  EXPECT_TRUE(os::write_all(there_, Bytes(100, 1)));
  EXPECT_EQ(read(*input).error(), Errno::Connreset);
  say(RecordKind::Input, "afterwards");
  EXPECT_EQ(read(*input).error(), Errno::Connreset);
}

TEST_F(Talks, WaitForAHostThatDoesNotCarry) {
  const auto output = talk_->standard_output();
  const std::string piece(30'000, 'x');
  std::size_t taken = 0;
  os::Result<std::size_t> put = std::size_t{0};
  while ((put = write(*output, piece))) {
    taken += *put;
    ASSERT_LT(taken, std::size_t{16} << 20U) << "it takes without end";
  }
  EXPECT_EQ(put.error(), Errno::Again);
  EXPECT_TRUE(output->has_unsent());
  std::size_t carried = 0;
  while (carried < taken) {
    output->flush();
    for (const auto& record : heard()) {
      if (record.kind == RecordKind::Output) carried += record.content.size();
    }
  }
  EXPECT_EQ(carried, taken);
  EXPECT_FALSE(output->has_unsent());
}

TEST(TalksWithAVolume, EndWhereNobodyCarriesItsMarks) {
  auto channel = os::open_channel().value();
  const auto module = crypto::sha256({core::as_bytes("module")});
  const auto talk = PrivateTalk::begin(std::move(channel.here), exporter(), module,
                                       std::chrono::milliseconds(20));
  const delivery::VolumeMark mark{1, module, delivery::VolumeMark::Id::from(Bytes(16, 1)).value()};
  std::size_t told = 0;
  while (talk->tell_mark(mark)) {
    // A megabyte of them waits, and what the socket holds.
    ASSERT_LT(++told, 100'000U) << "they wait without end";
  }
  EXPECT_EQ(talk->tell_mark(mark).error(), Errno::Pipe);
  EXPECT_FALSE(talk->has_unsent());
  // Nor is anything said behind one that is not heard.
  EXPECT_EQ(talk->output(core::as_bytes("lost")).error(), Errno::Pipe);
}

TEST_F(Talks, TellEachMarkToAHostThatCarries) {
  static_cast<void>(heard());
  const delivery::VolumeMark mark{1, module_, delivery::VolumeMark::Id::from(Bytes(16, 1)).value()};
  ASSERT_TRUE(talk_->tell_mark(mark));
  const auto said = heard();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(delivery::VolumeMark::parse(said[0].content).value(), mark);
}

TEST_F(Talks, TellThatNobodyCarriesThemAnyMore) {
  there_.close();
  const auto output = talk_->standard_output();
  static_cast<void>(write(*output, "lost"));
  EXPECT_EQ(write(*output, "lost").error(), Errno::Pipe);
  EXPECT_FALSE(output->has_unsent());
  EXPECT_EQ(talk_->output(core::as_bytes("lost")).error(), Errno::Pipe);
  talk_->end(0);  // comes back
}

TEST_F(Talks, HaveStreamsForOneDirectionEach) {
  EXPECT_EQ(write(*talk_->standard_input(), "x").error(), Errno::Badf);
  EXPECT_EQ(read(*talk_->standard_output()).error(), Errno::Badf);
  EXPECT_EQ(talk_->standard_output()->shut_down(false, true).error(), Errno::Notsup);
}

}  // namespace
}  // namespace merlon::keep
