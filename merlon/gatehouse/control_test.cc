#include "merlon/gatehouse/control.h"

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/base/byte_writer.h"
#include "merlon/os/file.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/socket.h"

namespace merlon::gatehouse {
namespace {

using core::ErrorCode;

/// A warden that takes one command.
class Control : public ::testing::Test {
 protected:
  Control() { std::filesystem::create_directories(folder_); }
  ~Control() override { std::filesystem::remove_all(folder_); }

  core::Result<Reply> exchange(const Command& command, Reply reply) {
    const os::Fd listener = os::listen_local(path_).value();
    std::thread warden([&] {
      const os::Fd connection = accepted(listener);
      auto heard = receive_command(connection);
      if (heard) heard_ = *std::move(heard);
      static_cast<void>(send_reply(connection, reply));
    });
    auto answer = ask(path_, command);
    warden.join();
    return answer;
  }
  static os::Fd accepted(const os::Fd& listener) {
    os::Fd connection = os::accept(listener).value();
    EXPECT_TRUE(os::set_nonblock(connection, false));
    return connection;
  }
  /// What a warden makes of bytes.
  core::Result<Command> heard(const std::vector<std::uint8_t>& bytes) {
    const os::Fd listener = os::listen_local(path_).value();
    os::Fd there = os::connect_local(path_).value();
    const os::Fd here = accepted(listener);
    EXPECT_TRUE(os::write_all(there, bytes));
    there.close();
    auto command = receive_command(here);
    std::filesystem::remove(path_);
    return command;
  }

  std::string folder_ = testing::TempDir() + "control-" + std::to_string(::getpid());
  std::string path_ = folder_ + "/control";
  Command heard_;
};

TEST_F(Control, CarriesACommandAndItsReply) {
  const Command command{Verb::Input, 77, std::vector<std::uint8_t>(300'000, 'x')};
  const auto reply = exchange(command, {Outcome::Elsewhere, 1234});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->outcome, Outcome::Elsewhere);
  EXPECT_EQ(reply->position, 1234U);
  EXPECT_EQ(heard_.verb, Verb::Input);
  EXPECT_EQ(heard_.position, 77U);
  EXPECT_EQ(heard_.bytes, command.bytes);
}

TEST_F(Control, TellsThatThereIsNoWarden) {
  EXPECT_EQ(ask(path_, {}).error().code, ErrorCode::Unavailable);
}

TEST_F(Control, WaitsForNoWardenForEver) {
  const os::Fd listener = os::listen_local(path_).value();
  const std::chrono::milliseconds patience{20};
  // One that does not answer; one that does not take what it is told.
  EXPECT_FALSE(ask(path_, {Verb::Stop, 0, {}}, patience));
  EXPECT_FALSE(ask(path_, {Verb::Deliver, 0, std::vector<std::uint8_t>(8U << 20U)}, patience));
}

TEST_F(Control, RefusesWhatIsNoCommand) {
  const auto bytes = [](std::uint8_t verb, std::uint32_t size, std::size_t given) {
    base::ByteWriter out;
    out.u8(verb);
    out.u64(0);
    out.u32(size);
    out.bytes(std::vector<std::uint8_t>(given));
    return out.take();
  };
  EXPECT_TRUE(heard(bytes(3, 0, 0)));
  EXPECT_EQ(heard({}).error().code, ErrorCode::Unavailable);
  EXPECT_EQ(heard(bytes(0, 0, 0)).error().code, ErrorCode::Malformed);
  EXPECT_EQ(heard(bytes(4, 0, 0)).error().code, ErrorCode::Malformed);
  EXPECT_EQ(heard(bytes(1, 0xffff'ffff, 0)).error().code, ErrorCode::Exhausted);
  EXPECT_EQ(heard(bytes(1, 5, 4)).error().code, ErrorCode::Malformed);
  EXPECT_EQ(heard({1, 2, 3}).error().code, ErrorCode::Malformed);
}

}  // namespace
}  // namespace merlon::gatehouse
