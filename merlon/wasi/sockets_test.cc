#include "merlon/wasi/sockets.h"

#include <algorithm>

#include "merlon/wasi/network.h"
#include "merlon/wasi/testing/guest.h"

namespace merlon::wasi {
namespace {

using testing::Guest;
using State = OutgoingStream::State;

/// What a test wants of the next steps.
struct Script {
  std::vector<Result<State>> steps;  ///< of progress(), the first one first; then the last
  std::optional<Endpoint> begun;
  bool refuses = false;
};

class Scripted final : public OutgoingStream {
 public:
  explicit Scripted(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Result<void> begin(const Endpoint& to) override {
    if (script_->refuses) return fail(Errno::Notcapable);
    script_->begun = to;
    return {};
  }
  Result<State> progress() override {
    if (!script_->begun) return State::Idle;
    const Result<State> now = script_->steps.front();
    if (script_->steps.size() > 1) script_->steps.erase(script_->steps.begin());
    if (!now) script_->begun.reset();
    return now;
  }
  std::optional<Endpoint> remote() const noexcept override { return script_->begun; }
  os::BorrowedFd descriptor() const noexcept override { return os::BorrowedFd(-1); }
  os::Result<os::Received> receive(os::IoVectors /*into*/, os::ReceiveFlags /*flags*/) override {
    return os::Errno::Notconn;
  }
  os::Result<std::size_t> send(os::IoVectors /*from*/) override { return os::Errno::Notconn; }
  os::Result<void> shut_down(bool /*reading*/, bool /*writing*/) override { return {}; }

 private:
  std::shared_ptr<Script> script_;
};

class OneName final : public Network {
 public:
  explicit OneName(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  Result<Endpoint> resolve(std::string_view name, Family family) override {
    if (name != "a.example") return fail(Errno::Notcapable);
    Endpoint made{family, {240, 0, 0, 1}, 0};
    if (family == Family::Ipv6)
      made.address = {0xFD, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return made;
  }
  std::shared_ptr<OutgoingStream> open() override { return std::make_shared<Scripted>(script_); }

 private:
  std::shared_ptr<Script> script_;
};

class Sockets : public ::testing::Test {
 protected:
  static constexpr GuestAddress host = 2048, service = 2400, hints = 2500, found = 3000,
                                address = 3200;

  Sockets() { guest_.context().set_network(std::make_shared<OneName>(script_)); }

  Errno resolve(std::string_view name, std::string_view port, std::uint32_t type = 1,
                std::uint32_t family = 0, GuestSize room = 1) {
    guest_.put(std::string(name) + '\0', host);
    guest_.put(std::string(port) + '\0', service);
    EXPECT_TRUE(guest_.memory().store<std::uint32_t>(hints, type));
    EXPECT_TRUE(guest_.memory().store<std::uint32_t>(hints + 4, family));
    EXPECT_TRUE(guest_.memory().store<std::uint8_t>(hints + 8, 1));
    return guest_.call<&sockets::sock_addr_resolve>(host, service, hints, found, room,
                                                    Guest::result);
  }
  FdNumber open(std::uint32_t family = 0) {
    EXPECT_EQ((guest_.call<&sockets::sock_open>(~FdNumber{0}, family, 1U, Guest::result)),
              Errno::Success);
    return guest_.get<FdNumber>();
  }
  /// To 240.0.0.1:443.
  Errno connect(FdNumber fd) {
    guest_.put(std::string("\0\0\0\0\xF0\0\0\1\xBB\1", 10), address);
    return guest_.call<&sockets::sock_connect>(fd, address);
  }
  void set_nonblock(FdNumber fd) {
    EXPECT_EQ((guest_.call<&api::fd_fdstat_set_flags>(fd, std::uint32_t{fdflags::nonblock.bits()})),
              Errno::Success);
  }

  std::shared_ptr<Script> script_ = std::make_shared<Script>(Script{{State::Connected}, {}, false});
  Guest guest_;
};

TEST_F(Sockets, AreNotOpenedWithoutANetwork) {
  guest_.context().set_network(nullptr);
  EXPECT_EQ((guest_.call<&sockets::sock_open>(0U, 0U, 1U, Guest::result)), Errno::Notcapable);
  EXPECT_EQ(resolve("a.example", ""), Errno::Notcapable);
}

TEST_F(Sockets, OfOtherKindsAreRefusedByName) {
  EXPECT_EQ((guest_.call<&sockets::sock_open>(0U, 2U, 1U, Guest::result)), Errno::Afnosupport);
  EXPECT_EQ((guest_.call<&sockets::sock_open>(0U, 0U, 0U, Guest::result)), Errno::Protonosupport);
  EXPECT_EQ((guest_.call<&sockets::sock_open>(0U, 0U, 2U, Guest::result)), Errno::Inval);
  EXPECT_EQ((guest_.call<&sockets::sock_open>(0U, 0U, 1U, GuestAddress{65533})), Errno::Fault);
  EXPECT_EQ(guest_.context().files().end(), 0U) << "nothing was opened that nobody could close";
}

TEST_F(Sockets, CountAsFilesOfTheGuest) {
  while (guest_.context().files().insert(null_file())) {
  }
  EXPECT_EQ((guest_.call<&sockets::sock_open>(0U, 0U, 1U, Guest::result)), Errno::Mfile);
}

TEST_F(Sockets, NamesGiveAnAddressInTheRecordsOfWamr) {
  ASSERT_EQ(resolve("a.example", "443"), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 1U);
  EXPECT_EQ(guest_.string_at(found, 10), std::string("\0\0\0\0\xF0\0\0\1\xBB\1", 10));
  EXPECT_EQ(guest_.get<std::uint32_t>(found + 24), 1U) << "a stream";
  ASSERT_EQ(resolve("a.example", "https", 1, 1), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint32_t>(found), 1U);
  EXPECT_EQ(guest_.get<std::uint16_t>(found + 4), 0xFD01U) << "numbers in the guest's order";
  EXPECT_EQ(guest_.get<std::uint16_t>(found + 18), 0x0E0FU);
  EXPECT_EQ(guest_.get<std::uint16_t>(found + 20), 443U);
  ASSERT_EQ(resolve("a.example", "http"), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint16_t>(found + 8), 80U);
}

TEST_F(Sockets, ResolvingWithoutRoomOnlyCounts) {
  guest_.put("untouched", found);
  ASSERT_EQ(resolve("a.example", "", 1, 0, 0), Errno::Success);
  EXPECT_EQ(guest_.get<GuestSize>(), 1U);
  EXPECT_EQ(guest_.string_at(found, 9), "untouched");
}

TEST_F(Sockets, NamesThatAreNoneOrNotAllowedAreRefused) {
  EXPECT_EQ(resolve("b.example", ""), Errno::Notcapable);
  EXPECT_EQ(resolve(std::string(256, 'a'), ""), Errno::Nametoolong);
  EXPECT_EQ(resolve("a.example", "gopher"), Errno::Inval);
  EXPECT_EQ(resolve("a.example", "65536"), Errno::Inval);
  EXPECT_EQ(resolve("a.example", "44x"), Errno::Inval);
  EXPECT_EQ(resolve("a.example", "443", 0), Errno::Protonosupport);
  EXPECT_EQ(resolve("a.example", "443", 1, 2), Errno::Afnosupport);
  EXPECT_EQ(resolve("a.example", "443", 1, 0, ~GuestSize{0}), Errno::Fault);
  guest_.put("a", 65535);
  EXPECT_EQ(
      (guest_.call<&sockets::sock_addr_resolve>(65535U, service, hints, found, 1U, Guest::result)),
      Errno::Fault)
      << "a name without an end";
}

TEST_F(Sockets, ConnectWaitsUntilItIsThere) {
  script_->steps = {State::Connected};
  const FdNumber fd = open();
  EXPECT_EQ(connect(fd), Errno::Success);
  EXPECT_EQ(script_->begun, (Endpoint{Family::Ipv4, {240, 0, 0, 1}, 443}));
  EXPECT_EQ(connect(fd), Errno::Isconn);
  EXPECT_EQ((guest_.call<&sockets::sock_addr_remote>(fd, address)), Errno::Success);
  EXPECT_EQ(guest_.string_at(address, 10), std::string("\0\0\0\0\xF0\0\0\1\xBB\1", 10));
  EXPECT_EQ((guest_.call<&sockets::sock_addr_local>(fd, address)), Errno::Success);
  EXPECT_EQ(guest_.string_at(address, 24), std::string(24, '\0'));
}

TEST_F(Sockets, ConnectThatDoesNotWaitIsAskedAgain) {
  script_->steps = {State::Connecting, State::Connecting, State::Connected};
  const FdNumber fd = open();
  set_nonblock(fd);
  EXPECT_EQ(connect(fd), Errno::Inprogress);
  EXPECT_EQ(connect(fd), Errno::Already);
  EXPECT_EQ(connect(fd), Errno::Isconn);
}

TEST_F(Sockets, ConnectTellsWhyThereIsNoConnection) {
  script_->steps = {fail(Errno::Connrefused)};
  const FdNumber fd = open();
  EXPECT_EQ(connect(fd), Errno::Connrefused);
  set_nonblock(fd);
  script_->steps = {State::Connecting, fail(Errno::Hostunreach)};
  EXPECT_EQ(connect(fd), Errno::Inprogress);
  EXPECT_EQ(connect(fd), Errno::Hostunreach);
  script_->refuses = true;
  EXPECT_EQ(connect(fd), Errno::Notcapable);
}

TEST_F(Sockets, ConnectEndsAfterAMinute) {
  testing::FakeClocks clocks;
  clocks.step = 61'000'000'000;
  Guest guest({.clocks = &clocks});
  guest.context().set_network(std::make_shared<OneName>(script_));
  script_->steps = {State::Connecting};
  EXPECT_EQ((guest.call<&sockets::sock_open>(0U, 0U, 1U, Guest::result)), Errno::Success);
  const FdNumber fd = guest.get<FdNumber>();
  EXPECT_EQ((guest.call<&sockets::sock_connect>(fd, address)), Errno::Timedout);
}

TEST_F(Sockets, AddressesOfNoKindAreRefused) {
  const FdNumber fd = open();
  EXPECT_TRUE(guest_.memory().store<std::uint32_t>(address, 2));
  EXPECT_EQ((guest_.call<&sockets::sock_connect>(fd, address)), Errno::Afnosupport);
  EXPECT_EQ((guest_.call<&sockets::sock_connect>(fd, GuestAddress{65520})), Errno::Fault);
  EXPECT_EQ((guest_.call<&sockets::sock_addr_remote>(fd, address)), Errno::Notconn);
  EXPECT_EQ((guest_.call<&sockets::sock_addr_remote>(fd, GuestAddress{65520})), Errno::Fault);
  EXPECT_EQ((guest_.call<&sockets::sock_addr_local>(fd, GuestAddress{65520})), Errno::Fault);
}

TEST_F(Sockets, AddressesOfIpv6AreReadAsWritten) {
  ASSERT_EQ(resolve("a.example", "443", 1, 1), Errno::Success);
  const FdNumber fd = open(1);
  EXPECT_EQ((guest_.call<&sockets::sock_connect>(fd, found)), Errno::Success);
  EXPECT_EQ(script_->begun->address[1], 1U);
  EXPECT_EQ(script_->begun->address[15], 15U);
  EXPECT_EQ(script_->begun->port, 443U);
  EXPECT_EQ((guest_.call<&sockets::sock_addr_local>(fd, address)), Errno::Success);
  EXPECT_EQ(guest_.get<std::uint32_t>(address), 1U);
}

TEST_F(Sockets, WhatOnlyServersDoIsNotAllowed) {
  const FdNumber fd = open();
  EXPECT_EQ((guest_.call<&sockets::sock_bind>(fd, address)), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&sockets::sock_listen>(fd, 1U)), Errno::Notcapable);
  EXPECT_EQ((guest_.call<&sockets::sock_send_to>(fd, 0U, 0U, 0U, 0U, 0U)), Errno::Notsup);
  EXPECT_EQ((guest_.call<&sockets::sock_recv_from>(fd, 0U, 0U, 0U, 0U, 0U)), Errno::Notsup);
  EXPECT_EQ((guest_.call<&sockets::sock_set_tcp_no_delay>(fd, 1U)), Errno::Success);
  EXPECT_EQ((guest_.call<&sockets::sock_set_keep_alive>(fd, 1U)), Errno::Noprotoopt);
  EXPECT_EQ((guest_.call<&sockets::sock_set_recv_timeout>(fd, std::uint64_t{1})),
            Errno::Noprotoopt);
  EXPECT_EQ((guest_.call<&sockets::sock_set_linger>(fd, 1U, 1U)), Errno::Noprotoopt);
}

TEST_F(Sockets, OtherFilesAreNoSockets) {
  const FdNumber file = guest_.insert(null_file());
  EXPECT_EQ(connect(file), Errno::Notsock);
  EXPECT_EQ(connect(77), Errno::Badf);
  EXPECT_EQ((guest_.call<&sockets::sock_bind>(file, address)), Errno::Notsock);
  EXPECT_EQ((guest_.call<&sockets::sock_close>(file)), Errno::Notsock);
  EXPECT_EQ((guest_.call<&sockets::sock_get_linger>(file, 0U, 0U)), Errno::Notsock);
  const FdNumber fd = open();
  EXPECT_EQ((guest_.call<&sockets::sock_close>(fd)), Errno::Success);
  EXPECT_EQ((guest_.call<&sockets::sock_close>(fd)), Errno::Badf);
}

}  // namespace
}  // namespace merlon::wasi
