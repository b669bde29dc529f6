#include "merlon/keep/dialler.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include "merlon/keep/connections.h"
#include "merlon/net/socket.h"
#include "merlon/net/wait.h"
#include "merlon/os/channel.h"
#include "merlon/os/process.h"
#include "merlon/os/socket.h"
#include "merlon/os/stream_flags.h"
#include "merlon/tls/testing/pki.h"

namespace merlon::keep {
namespace {

using launch::Allowed;
using launch::DialOutcome;
using net::Readiness;
using net::Side;
using State = wasi::OutgoingStream::State;
using wasi::Endpoint;
using wasi::Errno;
using wasi::Family;

constexpr std::int64_t now = tls::testing::made_at + 60;

Endpoint ipv4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d, std::uint16_t port) {
  return {Family::Ipv4, {a, b, c, d}, port};
}

std::vector<Allowed> plain_list() {
  return {{"a.example", 80, {}},
          {"b.example", 443, {}},
          {"a.example", 8080, {}},
          {"192.0.2.7", 22, {}}};
}

TEST(StandIns, EachNameHasOneAndTheyLeadBack) {
  const auto list = plain_list();
  const StandIns names(list);
  EXPECT_EQ(names.of("a.example", Family::Ipv4), ipv4(240, 0, 0, 1, 0));
  EXPECT_EQ(names.of("B.Example", Family::Ipv4), ipv4(240, 0, 0, 2, 0));
  EXPECT_EQ(names.of("c.example", Family::Ipv4), std::nullopt);
  EXPECT_EQ(names.of("", Family::Ipv4), std::nullopt);
  EXPECT_EQ(names.place_of(ipv4(240, 0, 0, 1, 80)), 0);
  EXPECT_EQ(names.place_of(ipv4(240, 0, 0, 1, 8080)), 2);
  EXPECT_EQ(names.place_of(ipv4(240, 0, 0, 1, 443)), std::nullopt) << "another's port";
  EXPECT_EQ(names.place_of(ipv4(240, 0, 0, 9, 80)), std::nullopt);
  Endpoint six = names.of("b.example", Family::Ipv6).value();
  EXPECT_EQ(six.address[0], 0xFD);
  six.port = 443;
  EXPECT_EQ(names.place_of(six), 1);
  six.address[15] ^= 4;
  EXPECT_EQ(names.place_of(six), std::nullopt);
}

TEST(StandIns, AnAddressInTheListStandsForItself) {
  const auto list = plain_list();
  const StandIns names(list);
  EXPECT_EQ(names.place_of(ipv4(192, 0, 2, 7, 22)), 3);
  EXPECT_EQ(names.place_of(ipv4(240, 0, 0, 3, 22)), 3);
  EXPECT_EQ(names.place_of(ipv4(192, 0, 2, 8, 22)), std::nullopt);
  EXPECT_EQ(names.place_of({Family::Ipv6, {192, 0, 2, 7}, 22}), std::nullopt);
}

/// A workload's side of it, the host's end of the channel, and whom the host connects with.
class Dialling : public ::testing::Test {
 protected:
  void SetUp() override {
    os::ignore_broken_pipes();
    shown_->vouching.chain = own_.chain;
  }
  void start(std::vector<Allowed> list) {
    list_ = std::move(list);
    dialler_ =
        std::make_shared<Dialler>(list_, std::move(channel_.here),
                                  TlsFiles(
                                      own_.key, shown_, [] { return now; }, memory_.connections()),
                                  [this](std::string_view line) { said_.emplace_back(line); });
  }
  std::shared_ptr<wasi::OutgoingStream> begun(const Endpoint& to) {
    auto stream = dialler_->open();
    EXPECT_TRUE(stream->begin(to));
    return stream;
  }
  /// The host connects with nobody in particular; gives the far end.
  os::Channel connect(std::uint32_t id) {
    os::Channel pair = os::open_channel().value();
    EXPECT_TRUE(launch::answer(channel_.there, id, DialOutcome::Connected, pair.here));
    pair.here.close();
    return pair;
  }
  static Errno failure_of(wasi::OutgoingStream& stream) {
    const auto state = stream.progress();
    return state ? Errno::Success : state.error().number;
  }
  static std::string read(net::Stream& stream) {
    std::string room(100, '\0');
    const std::array vectors{::iovec{room.data(), room.size()}};
    const auto got = stream.receive(vectors, {});
    if (!got) return std::string(os::describe(got.error()));
    room.resize(got->size);
    return room;
  }
  static std::size_t write(net::Stream& stream, std::string text) {
    const std::array vectors{::iovec{text.data(), text.size()}};
    return stream.send(vectors).value_or(0U);
  }

  tls::testing::Authority authority_;
  tls::testing::Holder own_ = authority_.issue({"keep.example"});
  std::shared_ptr<Shown> shown_ = std::make_shared<Shown>();
  os::Channel channel_ = os::open_channel().value();
  MemoryAccount memory_{std::uint64_t{8} << 20U};
  std::vector<Allowed> list_;
  std::vector<std::string> said_;
  std::shared_ptr<Dialler> dialler_;
};

TEST_F(Dialling, WhatIsNotInTheListNeverReachesTheHost) {
  start(plain_list());
  EXPECT_EQ(dialler_->resolve("evil.example", Family::Ipv4).error(), wasi::fail(Errno::Notcapable));
  auto stream = dialler_->open();
  EXPECT_EQ(stream->begin(ipv4(240, 0, 0, 1, 81)).error(), wasi::fail(Errno::Notcapable));
  EXPECT_EQ(stream->begin(ipv4(127, 0, 0, 1, 80)).error(), wasi::fail(Errno::Notcapable));
  EXPECT_EQ(stream->progress().value(), State::Idle);
  dialler_.reset();
  stream.reset();
  EXPECT_FALSE(launch::receive_question(channel_.there)) << "nothing was asked, and it is over";
}

TEST_F(Dialling, AConnectionOfPlainTcpIsAStreamOnceItIsThere) {
  start(plain_list());
  auto stream = begun(ipv4(240, 0, 0, 1, 8080));
  const auto question = launch::receive_question(channel_.there);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->place, 2U);
  EXPECT_EQ(stream->progress().value(), State::Connecting);
  EXPECT_EQ(stream->look(Side::Write).known, Readiness::Known::No);
  EXPECT_EQ(read(*stream), os::describe(os::Errno::Again));
  EXPECT_EQ(write(*stream, "x"), 0U);
  EXPECT_FALSE(stream->remote());
  const os::Channel far = connect(question->id);
  EXPECT_TRUE(net::wait(*stream, Side::Write, net::deadline_after(1'000'000'000)));
  EXPECT_EQ(stream->look(Side::Read).known, Readiness::Known::No) << "what was polled was the host";
  EXPECT_EQ(stream->look(Side::Write).known, Readiness::Known::Yes);
  static_cast<void>(stream->awaits(Side::Read));
  EXPECT_EQ(stream->look(Side::Read).known, Readiness::Known::Ask);
  EXPECT_EQ(stream->progress().value(), State::Connected);
  EXPECT_EQ(stream->remote(), ipv4(240, 0, 0, 1, 8080));
  EXPECT_EQ(write(*stream, "hello"), 5U);
  ASSERT_TRUE(os::send_with_descriptors(far.there, core::as_bytes("back"), {}));
  EXPECT_EQ(read(*stream), "back");
  EXPECT_TRUE(stream->shut_down(false, true));
  stream->flush();
  stream->finish();
  EXPECT_FALSE(stream->has_unsent());
  EXPECT_EQ(session_of(*stream), nullptr);
}

TEST_F(Dialling, SocketsThatLeadNowhereYetSaySo) {
  start(plain_list());
  auto stream = dialler_->open();
  EXPECT_EQ(read(*stream), os::describe(os::Errno::Notconn));
  EXPECT_EQ(write(*stream, "x"), 0U);
  EXPECT_FALSE(stream->shut_down(true, true));
  EXPECT_TRUE(stream->look(Side::Write).hung_up);
  EXPECT_LT(stream->descriptor().number(), 0);
  EXPECT_FALSE(stream->has_unsent());
  stream->flush();
  stream->finish();
}

TEST_F(Dialling, AnswersFindWhoeverAskedInAnyOrder) {
  start(plain_list());
  auto one = begun(ipv4(240, 0, 0, 1, 80));
  auto other = begun(ipv4(240, 0, 0, 2, 443));
  auto gone = begun(ipv4(240, 0, 0, 1, 80));
  const auto first = launch::receive_question(channel_.there).value();
  const auto second = launch::receive_question(channel_.there).value();
  const auto third = launch::receive_question(channel_.there).value();
  gone.reset();
  const os::Channel nobody = connect(third.id);
  const os::Channel far = connect(second.id);
  EXPECT_EQ(one->progress().value(), State::Connecting);
  EXPECT_EQ(other->progress().value(), State::Connected);
  ASSERT_TRUE(launch::answer(channel_.there, first.id, DialOutcome::Refused, std::nullopt));
  EXPECT_EQ(failure_of(*one), Errno::Connrefused);
  EXPECT_EQ(one->progress().value(), State::Idle) << "it is told once";
  ASSERT_TRUE(one->begin(ipv4(240, 0, 0, 1, 80)));
}

TEST_F(Dialling, EachReasonHasAnErrno) {
  start(plain_list());
  const std::vector<std::pair<DialOutcome, Errno>> reasons{
      {DialOutcome::Refused, Errno::Connrefused},
      {DialOutcome::Unreachable, Errno::Hostunreach},
      {DialOutcome::NoAddress, Errno::Hostunreach},
      {DialOutcome::TimedOut, Errno::Timedout},
      {DialOutcome::Failed, Errno::Connaborted}};
  for (const auto& [outcome, number] : reasons) {
    auto stream = begun(ipv4(240, 0, 0, 1, 80));
    const auto question = launch::receive_question(channel_.there).value();
    ASSERT_TRUE(launch::answer(channel_.there, question.id, outcome, std::nullopt));
    EXPECT_TRUE(stream->look(Side::Write).hung_up);
    EXPECT_EQ(read(*stream), os::describe(os::Errno::Connaborted));
    EXPECT_EQ(failure_of(*stream), number);
  }
}

TEST_F(Dialling, AHostThatAnswersNonsenseOrNobodyIsNotAskedAgain) {
  start(plain_list());
  auto stream = begun(ipv4(240, 0, 0, 1, 80));
  const auto question = launch::receive_question(channel_.there).value();
  ASSERT_TRUE(launch::answer(channel_.there, question.id + 1, DialOutcome::Refused, std::nullopt));
  EXPECT_EQ(failure_of(*stream), Errno::Netdown);
  EXPECT_EQ(stream->begin(ipv4(240, 0, 0, 1, 80)).error(), wasi::fail(Errno::Netdown));
}

TEST_F(Dialling, NeverWaitsForTheHostHoweverManyAreAskedFor) {
  start(plain_list());
  std::vector<std::shared_ptr<wasi::OutgoingStream>> all;
  for (int i = 0; i < 5000; ++i) all.push_back(begun(ipv4(240, 0, 0, 1, 80)));  // nobody reads
  all.erase(all.begin() + 1000, all.end());
  std::size_t refused = 0;
  for (std::size_t round = 0; round < 1000; ++round) {
    const auto question = launch::receive_question(channel_.there);
    ASSERT_TRUE(question);
    ASSERT_TRUE(launch::answer(channel_.there, question->id, DialOutcome::Refused, std::nullopt));
    if (failure_of(*all[round]) == Errno::Connrefused) ++refused;
  }
  EXPECT_EQ(refused, 1000U) << "each by its own answer";
}

TEST_F(Dialling, WithoutADescriptorForItAConnectionFailsAndLaterOnesDoNot) {
  start(plain_list());
  auto one = begun(ipv4(240, 0, 0, 1, 80));
  const auto question = launch::receive_question(channel_.there).value();
  const os::Channel far = connect(question.id);
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const ::rlimit few{1, before.rlim_max};  // poll() takes no more items than this
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Errno failure = failure_of(*one);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(failure, Errno::Mfile);
  auto other = begun(ipv4(240, 0, 0, 1, 80));
  const auto next = launch::receive_question(channel_.there).value();
  const os::Channel there = connect(next.id);
  EXPECT_EQ(other->progress().value(), State::Connected);
}

TEST_F(Dialling, AHostThatIsGoneIsTold) {
  start(plain_list());
  auto stream = begun(ipv4(240, 0, 0, 1, 80));
  channel_.there.close();
  EXPECT_EQ(failure_of(*stream), Errno::Netdown);
}

/// Over TLS: the server's side is ours too.
class DiallingTls : public Dialling {
 protected:
  void start_tls(const std::string& name) {
    launch::TlsSettings settings;
    settings.trust.anchors = {authority_.root()};
    settings.server_name = name;
    start({{"a.example", 443, settings}});
  }
  std::unique_ptr<tls::Session> serve(os::Channel far) {
    const auto context =
        tls::Context::server({.identity = own_.identity(), .now = [] { return now; }});
    EXPECT_TRUE(os::set_nonblock(far.there, true));
    return tls::Session::accept(context.value(),
                                std::make_unique<net::SocketStream>(std::move(far.there)))
        .value();
  }
};

TEST_F(DiallingTls, TheServerProvesItsNameWhoeverTheHostConnectsWith) {
  start_tls("keep.example");
  auto stream = begun(ipv4(240, 0, 0, 1, 443));
  auto server = serve(connect(launch::receive_question(channel_.there)->id));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(stream->progress());
    static_cast<void>(server->shake());
  }
  ASSERT_EQ(stream->progress().value(), State::Connected) << server->trouble();
  EXPECT_EQ(write(*stream, "hello"), 5U);
  EXPECT_EQ(read(*server), "hello");
  ASSERT_NE(session_of(*stream), nullptr);
  EXPECT_EQ(session_of(*stream)->verified_chain().size(), 2U);
  EXPECT_TRUE(said_.empty());
}

/// As a workload does that opens connections as fast as it can.
TEST_F(DiallingTls, ConnectionsAreCountedForTheMemoryOfTheWorkload) {
  start_tls("keep.example");
  std::vector<std::shared_ptr<wasi::OutgoingStream>> all;
  std::vector<os::Channel> far;
  Errno failure = Errno::Success;
  while (failure == Errno::Success && all.size() < 1000) {
    all.push_back(begun(ipv4(240, 0, 0, 1, 443)));
    far.push_back(connect(launch::receive_question(channel_.there)->id));
    failure = failure_of(*all.back());
  }
  EXPECT_EQ(failure, Errno::Nomem);
  EXPECT_TRUE(memory_.take(memory_.limit() / 2)) << "the other half is the workload's";
  memory_.give_back(memory_.limit() / 2);
  EXPECT_LE(all.size(), memory_.limit() / (std::uint64_t{16} << 10U));
  const std::size_t had = all.size();
  all.clear();
  for (std::size_t i = 0; i + 1 < had; ++i) {
    all.push_back(begun(ipv4(240, 0, 0, 1, 443)));
    far.push_back(connect(launch::receive_question(channel_.there)->id));
    EXPECT_EQ(failure_of(*all.back()), Errno::Success);
  }
}

/// Those of the whole web take more than a connection.
TEST_F(DiallingTls, WhomToTrustIsHeldOnceForAllConnections) {
  launch::TlsSettings settings;
  settings.trust.web = true;
  settings.server_name = "keep.example";
  start({{"a.example", 443, settings}});
  std::vector<std::shared_ptr<wasi::OutgoingStream>> all;
  std::vector<os::Channel> far;
  std::uint64_t before = 0;
  constexpr std::size_t count = 9;
  for (std::size_t i = 0; i < count; ++i) {
    const struct mallinfo2 info = ::mallinfo2();
    if (i == 1) before = info.uordblks + info.hblkhd;
    all.push_back(begun(ipv4(240, 0, 0, 1, 443)));
    far.push_back(connect(launch::receive_question(channel_.there)->id));
    ASSERT_EQ(all.back()->progress().value(), State::Connecting);
  }
  const struct mallinfo2 info = ::mallinfo2();
  const std::uint64_t each = (info.uordblks + info.hblkhd - before) / (count - 1);
  EXPECT_LE(each, tls::Session::most_memory);
}

TEST_F(DiallingTls, AnotherServerIsRefusedAndTold) {
  start_tls("other.example");
  for (int round = 0; round < 12; ++round) {
    auto stream = begun(ipv4(240, 0, 0, 1, 443));
    auto server = serve(connect(launch::receive_question(channel_.there)->id));
    Errno failure = Errno::Success;
    for (int i = 0; i < 10 && failure == Errno::Success; ++i) {
      failure = failure_of(*stream);
      static_cast<void>(server->shake());
    }
    EXPECT_EQ(failure, Errno::Proto);
  }
  ASSERT_EQ(said_.size(), 8U) << "and not for ever";
  EXPECT_NE(said_[0].find("no TLS with 'a.example': certificate verify failed"), std::string::npos)
      << said_[0];
}

}  // namespace
}  // namespace merlon::keep
