#include "merlon/gatehouse/warden.h"

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "merlon/base/byte_writer.h"
#include "merlon/delivery/sealed.h"
#include "merlon/os/channel.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::gatehouse {
namespace {

/// What the keep of these tests has got; here are its ends, there its warden's.
struct Seen {
  std::atomic<int> signalled{0};
  std::atomic<bool> is_there{true};
  os::Channel talk = os::open_channel().value();
  os::Channel channel = os::open_channel().value();
};

class KeepOfTests final : public Ward {
 public:
  explicit KeepOfTests(Seen& seen) noexcept : seen_(seen) {}

  [[nodiscard]] os::BorrowedFd channel() const noexcept override { return seen_.channel.there; }
  [[nodiscard]] os::Fd take_channel() override {
    if (!seen_.is_there) seen_.talk.here.close();
    return std::move(seen_.talk.there);
  }
  void signal(int number) noexcept override { seen_.signalled = number; }
  [[nodiscard]] std::string wait() override { return "exited 7"; }

 private:
  Seen& seen_;
};

/// A delivery as its header has it, with so many bytes of text.
std::string sealed_of(std::size_t size) {
  base::ByteWriter out;
  out.bytes(core::as_bytes("MRLNSEAL"));
  out.u32(1);
  out.u32(static_cast<std::uint32_t>(size));
  const auto header = out.take();
  return std::string(core::as_text(header)) +
         std::string(crypto::X25519PublicKey::size + size, 's');
}

class Wardens : public ::testing::Test {
 protected:
  Wardens() {
    std::filesystem::create_directories(folder_.path());
    EXPECT_TRUE(folder_.write(KeepFolder::record, "{}"));
    auto warden = Warden::of(folder_, std::make_unique<KeepOfTests>(seen_),
                             {std::chrono::seconds(3), std::chrono::milliseconds(500)});
    EXPECT_TRUE(warden) << warden.error();
    stays_ = std::thread([warden = *std::move(warden)]() mutable { warden.stay(); });
  }
  ~Wardens() override {
    end();
    std::filesystem::remove_all(folder_.path());
  }

  /// The keep ends; how it did stands in the folder then.
  void end() {
    seen_.talk.here.close();
    seen_.channel.here.close();
    if (stays_.joinable()) stays_.join();
  }
  Reply told(Verb verb, std::string_view bytes = {}, std::uint64_t position = 0) {
    const auto view = core::as_bytes(bytes);
    const auto reply =
        ask(folder_.file(KeepFolder::control), Command{verb, position, {view.begin(), view.end()}});
    EXPECT_TRUE(reply);
    return reply ? *reply : Reply{};
  }
  /// Delivers, and the keep takes all of it.
  void deliver() {
    ASSERT_EQ(told(Verb::Deliver, sealed_).outcome, Outcome::Done);
    ASSERT_EQ(heard(sealed_.size()), sealed_);
  }
  void signalled(int number) {
    for (int i = 0; i < 500 && seen_.signalled != number; ++i) {
      static_cast<void>(os::poll({}, std::chrono::milliseconds(10)));
    }
    EXPECT_EQ(seen_.signalled, number);
  }
  void says(std::string_view text) {
    EXPECT_TRUE(os::write_all(seen_.talk.here, core::as_bytes(text)));
  }
  std::string heard(std::size_t size) {
    std::string text(size, ' ');
    std::size_t got = 0;
    while (got < size) {
      const ::ssize_t more = ::read(seen_.talk.here.number(), text.data() + got, size - got);
      if (more <= 0) break;
      got += static_cast<std::size_t>(more);
    }
    text.resize(got);
    return text;
  }
  std::string output() {
    const auto bytes = folder_.read(KeepFolder::output, 1U << 20U);
    return bytes ? std::string(core::as_text(*bytes)) : "";
  }

  KeepFolder folder_{testing::TempDir() + "warden-" + std::to_string(::getpid())};
  Seen seen_;
  std::thread stays_;
  const std::string sealed_ = sealed_of(100);
};

TEST_F(Wardens, HandOverOneDelivery) {
  EXPECT_EQ(told(Verb::Input, "too early").outcome, Outcome::NotYet);
  deliver();
  EXPECT_TRUE(folder_.read(KeepFolder::delivered, 1));
  EXPECT_EQ(told(Verb::Deliver, "another").outcome, Outcome::TakenBefore);
}

TEST_F(Wardens, HandOverNothingButOneDelivery) {
  for (const std::string& each : {std::string(), std::string("sealed"), sealed_ + "x",
                                  sealed_.substr(1), sealed_ + std::string(8U << 20U, 'x')}) {
    EXPECT_EQ(told(Verb::Deliver, each).outcome, Outcome::NoDelivery) << each.size();
  }
  deliver();
}

TEST_F(Wardens, HandOverNothingThatTheyCannotNote) {
  const std::string in_the_way = folder_.file(KeepFolder::delivered) + "/in the way";
  std::filesystem::create_directories(in_the_way);
  EXPECT_EQ(told(Verb::Deliver, sealed_).outcome, Outcome::NoRoom);
  EXPECT_EQ(told(Verb::Input, "too early").outcome, Outcome::NotYet);
  std::filesystem::remove_all(folder_.file(KeepFolder::delivered));
  deliver();  // the first that the keep sees
}

TEST_F(Wardens, AnswerAndStopWhileAKeepDoesNotTakeItsDelivery) {
  const std::string large = sealed_of(8U << 20U);
  std::thread asker([&] { EXPECT_EQ(told(Verb::Deliver, large).outcome, Outcome::Broken); });
  while (told(Verb::Deliver, "another").outcome != Outcome::TakenBefore) {
  }
  EXPECT_TRUE(folder_.read(KeepFolder::delivered, 1));  // as far as anybody knows
  EXPECT_EQ(told(Verb::Input, "early").outcome, Outcome::Full);
  EXPECT_EQ(told(Verb::Stop).outcome, Outcome::Done);
  EXPECT_EQ(seen_.signalled, SIGTERM);
  signalled(SIGKILL);  // after its grace
  end();
  asker.join();
  EXPECT_FALSE(folder_.read(KeepFolder::delivered, 1));
}

TEST_F(Wardens, KillAKeepThatDoesNotTakeItsDelivery) {
  EXPECT_EQ(told(Verb::Deliver, sealed_of(8U << 20U)).outcome, Outcome::Broken);
  EXPECT_EQ(seen_.signalled, SIGKILL);
}

TEST_F(Wardens, SayThatTheKeepIsGone) {
  seen_.is_there = false;
  EXPECT_EQ(told(Verb::Deliver, sealed_).outcome, Outcome::Broken);
  EXPECT_FALSE(folder_.read(KeepFolder::delivered, 1));
}

TEST_F(Wardens, PassInputOnceAndInItsOrder) {
  deliver();
  EXPECT_EQ(told(Verb::Input, "abc", 0).position, 3U);
  const Reply again = told(Verb::Input, "abc", 0);
  EXPECT_EQ(again.outcome, Outcome::Elsewhere);
  EXPECT_EQ(again.position, 3U);
  EXPECT_EQ(told(Verb::Input, "def", 3).position, 6U);
  EXPECT_EQ(heard(6), "abcdef");
}

TEST_F(Wardens, HoldSoMuchInputAndNoMore) {
  deliver();
  const std::string much(1U << 20U, 'x');
  Reply reply;
  std::uint64_t at = 0;
  do {
    reply = told(Verb::Input, much, at);
    at = reply.position;
  } while (reply.outcome == Outcome::Done && at < (64U << 20U));
  EXPECT_EQ(reply.outcome, Outcome::Full);
  EXPECT_EQ(heard(at).size(), at);
  EXPECT_EQ(told(Verb::Input, "more", at).outcome, Outcome::Done);
  EXPECT_EQ(heard(4), "more");
}

TEST_F(Wardens, KeepWhatTheKeepSaysAndHowItEnded) {
  deliver();
  says("said ");
  says("before its end");
  end();
  EXPECT_EQ(output(), "said before its end");
  EXPECT_EQ(folder_.read_end(), "exited 7");
}

TEST_F(Wardens, NoteAKeepThatEndsBeforeItsDelivery) {
  end();
  EXPECT_EQ(folder_.read_end(), "exited 7");
  EXPECT_EQ(output(), "");
}

TEST_F(Wardens, AskAKeepToEndOnce) {
  deliver();
  EXPECT_EQ(told(Verb::Stop).outcome, Outcome::Done);
  EXPECT_EQ(seen_.signalled, SIGTERM);
  seen_.signalled = 0;
  EXPECT_EQ(told(Verb::Stop).outcome, Outcome::Done);
  EXPECT_NE(seen_.signalled, SIGTERM);
  says("last words");  // until it has ended
  end();
  EXPECT_EQ(output(), "last words");
}

TEST_F(Wardens, AreNotHeldUpByNonsense) {
  constexpr std::string_view nonsense("\xff\0\0\0\0\0\0\0\0\0\0\0\0", 13);
  for (int i = 0; i < 3; ++i) {
    const auto peer = os::connect_local(folder_.file(KeepFolder::control));
    ASSERT_TRUE(peer);
    EXPECT_TRUE(os::write_all(*peer, core::as_bytes(nonsense)));
  }
  deliver();
}

TEST(WardenOf, AKeepThatWasGivenUpMeanwhileSaysSo) {
  Seen seen;
  const KeepFolder folder(testing::TempDir() + "given-up-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder.path());
  const auto none = Warden::of(folder, std::make_unique<KeepOfTests>(seen), {});
  std::filesystem::remove_all(folder.path());
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().find("given up"), std::string::npos);
}

TEST(WardenOf, AFolderThatIsNotThereSaysSo) {
  Seen seen;
  const auto none =
      Warden::of(KeepFolder("/nowhere/at/all"), std::make_unique<KeepOfTests>(seen), {});
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().find("cannot keep the output"), std::string::npos);
}

}  // namespace
}  // namespace merlon::gatehouse
