#include "merlon/cli_deploy/relay.h"

#include <array>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "merlon/os/channel.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::cli_deploy {
namespace {

using delivery::Direction;
using delivery::RecordKind;
using Bytes = std::vector<std::uint8_t>;

crypto::HpkeExporter exporter() { return crypto::HpkeExporter(crypto::SecretBytes(Bytes(32, 9))); }

std::string& remarked() {
  static std::string text;
  return text;
}
bool remark(const base::Printable& text) {
  remarked() += text.text();
  return true;
}

/// A keep at the other end of a socket, and this process's standard streams put aside.
class Relay : public ::testing::Test {
 protected:
  Relay() {
    remarked().clear();
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    input_ = os::Fd::adopt(ends[1]);
    ::dup2(ends[0], 0);
    ::close(ends[0]);
    std::fflush(stdout);
    ::dup2(said_.number(), 1);
  }
  ~Relay() override { put_back(); }

  void put_back() {
    ::dup2(own_input_.number(), 0);
    ::dup2(own_output_.number(), 1);
  }
  [[nodiscard]] std::string said() const {
    std::string text(100'000, '\0');
    const ::ssize_t size = ::pread(said_.number(), text.data(), text.size(), 0);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
  }
  void write(core::ByteView bytes) { EXPECT_TRUE(os::write_all(channel_.there, bytes)); }
  void say(RecordKind kind, core::ByteView content) { write(keep_.seal(kind, content)); }

  /// Carries the talk; what went wrong, else nothing.
  std::string carried() {
    const auto done = carry(talk_, channel_.here, terminal_);
    put_back();
    return done ? "" : done.error();
  }

  os::Fd own_input_ = os::Fd::adopt(::dup(0));
  os::Fd own_output_ = os::Fd::adopt(::dup(1));
  os::Fd said_ = os::Fd::adopt(::memfd_create("said", MFD_CLOEXEC));
  os::Fd input_;
  os::Channel channel_ = os::open_channel().value();
  crypto::Sha256Digest module_ = crypto::sha256({core::as_bytes("module")});
  delivery::RecordSealer keep_{delivery::record_key(exporter(), Direction::FromKeep)};
  Talk talk_{exporter(), module_};
  cli::Terminal terminal_{"merlon", nullptr, &remark, nullptr};
};

TEST_F(Relay, CarriesStandardStreamsUntilTheWorkloadEnds) {
  const std::string sent(200'000, 'i');
  std::thread keep([&] {
    say(RecordKind::Taken, module_.view());
    say(RecordKind::Remark, core::as_bytes("a remark"));
    delivery::RecordOpener opener(delivery::record_key(exporter(), Direction::ToKeep),
                                  Direction::ToKeep);
    std::size_t heard = 0;
    for (bool over = false; !over;) {
      Bytes bytes(4096);
      const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
      const auto size = os::read(channel_.there, into);
      if (!size || *size == 0) break;
      opener.feed(core::ByteView(bytes).first(*size));
      for (auto record = opener.next(); record && *record; record = opener.next()) {
        over = (*record)->kind == RecordKind::InputEnd;
        heard += (*record)->content.size();
      }
    }
    const std::string text = std::to_string(heard);
    say(RecordKind::Output, core::as_bytes(text));
    say(RecordKind::Ended, Bytes{7, 0, 0, 0});
  });
  std::thread typist([&] {
    EXPECT_TRUE(os::write_all(input_, core::as_bytes(sent)));
    input_.close();
  });
  const std::string trouble = carried();
  keep.join();
  typist.join();
  EXPECT_EQ(trouble, "");
  EXPECT_EQ(talk_.status(), 7U);
  EXPECT_EQ(said(), "200000");
  EXPECT_EQ(remarked(), "merlon: a remark\n");
}

TEST_F(Relay, EndsWhereTheTalkIsCut) {
  say(RecordKind::Taken, module_.view());
  channel_.there.close();
  EXPECT_EQ(carried(), "");
  EXPECT_FALSE(talk_.status());
}

TEST_F(Relay, BelievesNothingThatTheKeepDidNotSay) {
  write(Bytes(100, 1));
  EXPECT_NE(carried().find("is not the keep's"), std::string::npos);
}

TEST_F(Relay, TellsThatNobodyTakesTheOutput) {
  say(RecordKind::Taken, module_.view());
  say(RecordKind::Output, core::as_bytes("out"));
  say(RecordKind::Ended, Bytes(4));
  ::dup2(0, 1);  // the end of a pipe that is read from
  EXPECT_NE(carried().find("standard output: "), std::string::npos);
}

}  // namespace
}  // namespace merlon::cli_deploy
