// A keep's talk with its Steward while somebody sits between them: bytes are changed, lost,
// repeated, put in, held back, cut off. MERLON_WIRE_CASES seeded cases, 300 if that is not set.

#include "merlon/keep/steward_talk.h"

#include <cstdlib>
#include <random>

#include <gtest/gtest.h>

#include "merlon/codec/der_writer.h"
#include "merlon/identity/keys.h"
#include "merlon/identity/request.h"
#include "merlon/keep/vouching.h"
#include "merlon/launch/dial.h"
#include "merlon/os/channel.h"
#include "merlon/os/process.h"
#include "merlon/tls/testing/memory_stream.h"
#include "merlon/tls/testing/pki.h"

namespace merlon::keep {
namespace {

using tls::testing::MemoryStream;
using tls::testing::Wire;

constexpr std::int64_t now = tls::testing::made_at + 60;

/// What happens to the bytes of one direction, once.
struct Fault {
  enum class Kind : std::uint8_t { None, Flip, Drop, Repeat, Insert, Cut, Swap };
  Kind kind = Kind::None;
  std::size_t at = 0;    // of all bytes in this direction
  std::size_t size = 0;  // how many are concerned
};

/// One direction of the wire, with its fault.
class Tampered {
 public:
  Tampered(Fault fault, std::mt19937& random) : fault_(fault), random_(random) {}

  /// What comes out for `bytes`, now.
  std::vector<std::uint8_t> pass(std::vector<std::uint8_t> bytes) {
    const std::size_t start = std::exchange(passed_, passed_ + bytes.size());
    if (cut_) return {};
    if (done_ || fault_.kind == Fault::Kind::None || fault_.at >= passed_) return bytes;
    done_ = true;
    const std::size_t at = fault_.at - std::min(fault_.at, start);
    const std::size_t size = std::min(fault_.size, bytes.size() - at);
    const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = first + static_cast<std::ptrdiff_t>(size);
    const std::vector<std::uint8_t> part(first, last);
    switch (fault_.kind) {
      case Fault::Kind::None: break;
      case Fault::Kind::Flip: *first ^= static_cast<std::uint8_t>(1U << random_() % 8); break;
      case Fault::Kind::Drop: bytes.erase(first, last); break;
      case Fault::Kind::Repeat: bytes.insert(last, part.begin(), part.end()); break;
      case Fault::Kind::Insert: {
        std::vector<std::uint8_t> foreign(size);
        for (auto& byte : foreign) byte = static_cast<std::uint8_t>(random_());
        bytes.insert(first, foreign.begin(), foreign.end());
        break;
      }
      case Fault::Kind::Cut:
        bytes.erase(first, bytes.end());
        cut_ = true;
        break;
      case Fault::Kind::Swap: std::reverse(first, last); break;
    }
    return bytes;
  }
  [[nodiscard]] bool is_cut() const noexcept { return cut_; }

 private:
  Fault fault_;
  std::mt19937& random_;
  std::size_t passed_ = 0;
  bool done_ = false;
  bool cut_ = false;
};

/// A Steward as far as a keep can tell: one answer to one request.
class FakeSteward {
 public:
  FakeSteward(const tls::Context& context, const std::vector<std::uint8_t>& request,
              const std::vector<std::uint8_t>& answer)
      : request_(request), answer_(answer) {
    session_ = tls::Session::accept(context, std::make_unique<MemoryStream>(in, out)).value();
  }

  void step() {
    std::array<std::uint8_t, 4096> room{};
    const std::array into{::iovec{room.data(), room.size()}};
    for (;;) {
      const auto got = session_->receive(into, {});
      if (!got || got->size == 0) break;
      heard_.append(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got->size));
    }
    const std::size_t head = heard_.find("\r\n\r\n");
    if (answered_ || head == std::string::npos) return;
    const std::string_view body = std::string_view(heard_).substr(head + 4);
    if (body.size() < request_.size()) return;
    answered_ = true;
    EXPECT_TRUE(body == core::as_text(request_)) << "TLS let something else through";
    std::string said = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer_.size()) +
                       "\r\n\r\n" + std::string(answer_.begin(), answer_.end());
    const std::array from{::iovec{said.data(), said.size()}};
    static_cast<void>(session_->send(from));  // what comes behind the request may be spoilt
    session_->finish();
  }

  std::shared_ptr<Wire> in = std::make_shared<Wire>();
  std::shared_ptr<Wire> out = std::make_shared<Wire>();

 private:
  const std::vector<std::uint8_t>& request_;
  const std::vector<std::uint8_t>& answer_;
  std::unique_ptr<tls::Session> session_;
  std::string heard_;
  bool answered_ = false;
};

class Talk : public ::testing::Test {
 protected:
  static std::vector<std::uint8_t> path_of(const std::vector<tls::Certificate>& certificates) {
    codec::DerBytes all;
    for (const auto& each : certificates) all.insert(all.end(), each.begin(), each.end());
    return codec::der_value(codec::DerTag::Sequence, all);
  }

  /// Everything that has come on the socket.
  static std::vector<std::uint8_t> drain(os::BorrowedFd socket) {
    std::vector<std::uint8_t> all;
    std::array<std::uint8_t, 8192> room{};
    const std::array into{::iovec{room.data(), room.size()}};
    for (;;) {
      const auto got = os::receive(socket, into);
      if (!got || got->size == 0) return all;
      all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got->size));
    }
  }

  /// Moves what there is on both ways; whether anything moved.
  static bool carry(os::BorrowedFd socket, FakeSteward& steward, Tampered& up, Tampered& down,
                    std::mt19937& random) {
    bool moved = false;
    auto sent = drain(socket);
    if (!sent.empty()) {
      sent = up.pass(std::move(sent));
      steward.in->bytes.insert(steward.in->bytes.end(), sent.begin(), sent.end());
      moved = true;
    }
    steward.in->ended = up.is_cut();
    steward.step();
    auto& said = steward.out->bytes;
    if (said.empty()) return moved;
    // As much of it as the one in between likes.
    const std::size_t size = 1 + random() % said.size();
    const auto end = said.begin() + static_cast<std::ptrdiff_t>(size);
    auto part = down.pass({said.begin(), end});
    said.erase(said.begin(), end);
    const std::array from{::iovec{part.data(), part.size()}};
    if (!part.empty()) static_cast<void>(os::send(socket, from));
    return true;
  }

  StewardTalk::State talk(StewardTalk& talk, Fault up_fault, Fault down_fault,
                          std::mt19937& random) {
    FakeSteward steward(*context_, request_, answer_);
    Tampered up(up_fault, random);
    Tampered down(down_fault, random);
    os::Channel wire = os::open_channel().value();
    EXPECT_EQ(talk.step(), StewardTalk::State::Waiting);
    EXPECT_TRUE(launch::is_asked_for_connection(dial_.there));
    EXPECT_TRUE(launch::send_connection(dial_.there, wire.here));
    wire.here.close();
    for (int idle = 0; idle < 3;) {
      const auto state = talk.step();
      if (state != StewardTalk::State::Waiting) return state;
      idle = carry(wire.there, steward, up, down, random) ? 0 : idle + 1;
    }
    wire.there.close();  // who waits for more waits in vain
    return talk.step();
  }

  static Fault any_fault(std::mt19937& random) {
    return {static_cast<Fault::Kind>(random() % 7), random() % 4000, 1 + random() % 600};
  }

  tls::testing::Authority web_{"Web"};
  tls::testing::Holder server_ = web_.issue({"steward.example"});
  std::optional<tls::Context> context_ =
      tls::Context::server({.identity = server_.identity()}).value();
  tls::testing::Authority steward_{"Steward"};
  identity::SessionKeys keys_ = identity::SessionKeys::generate(evidence::Technology::Kvm).value();
  std::vector<std::uint8_t> request_ =
      identity::certification_request(keys_, evidence::Technology::Kvm, {}, {}).value();
  std::vector<std::uint8_t> answer_ =
      path_of({steward_.root(), steward_.issue_for(keys_.tls_spki(), {"keep.example"})});
  launch::Steward settings_{"steward.example", 443, "/", {.anchors = {web_.root()}}};
  os::Channel dial_ = os::open_channel().value();
};

TEST_F(Talk, GetsTheStewardsAnswer) {
  std::mt19937 random(1);
  StewardTalk one(settings_, dial_.here, {request_, {}}, now);
  ASSERT_EQ(talk(one, {}, {}, random), StewardTalk::State::Answered) << one.trouble();
  EXPECT_EQ(one.answer(), answer_);
  EXPECT_TRUE(parse_pki_path(one.answer(), keys_.tls_spki(), now));
}

TEST_F(Talk, WithSomebodyBetweenGetsTheSameOrNothing) {
  const char* const wanted = std::getenv("MERLON_WIRE_CASES");
  const unsigned long cases = wanted == nullptr ? 300 : std::strtoul(wanted, nullptr, 10);
  std::size_t answered = 0;
  for (unsigned long seed = 0; seed < cases; ++seed) {
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    const bool both = seed % 3 == 0;
    const Fault up = seed % 3 != 1 ? any_fault(random) : Fault{};
    const Fault down = both || seed % 3 == 1 ? any_fault(random) : Fault{};
    StewardTalk one(settings_, dial_.here, {request_, {}}, now);
    const auto state = talk(one, up, down, random);
    ASSERT_NE(state, StewardTalk::State::Waiting) << seed;
    if (state == StewardTalk::State::Answered) {
      ++answered;
      ASSERT_EQ(one.answer(), answer_) << seed;
    } else {
      ASSERT_FALSE(one.trouble().empty()) << seed;
      ASSERT_TRUE(one.answer().empty()) << seed;
    }
  }
  EXPECT_GT(answered, cases / 20) << "some faults are none, or come behind the end";
  EXPECT_LT(answered, cases * 4 / 5);
}

TEST_F(Talk, AnotherServersWordCountsForNothing) {
  std::mt19937 random(2);
  const tls::testing::Holder thief = tls::testing::Authority("Others").issue({"steward.example"});
  context_ = tls::Context::server({.identity = thief.identity()}).value();
  StewardTalk one(settings_, dial_.here, {request_, {}}, now);
  EXPECT_EQ(talk(one, {}, {}, random), StewardTalk::State::Failed);
  EXPECT_NE(one.trouble().find("certificate"), std::string::npos) << one.trouble();
}

/// A talk that took too long leaves its answer in the channel.
TEST_F(Talk, TakesNoConnectionThatAnotherTalkHadAskedFor) {
  std::mt19937 random(3);
  {
    os::Channel old = os::open_channel().value();
    StewardTalk given_up(settings_, dial_.here, {request_, {}}, now);
    EXPECT_EQ(given_up.step(), StewardTalk::State::Waiting);
    ASSERT_TRUE(launch::is_asked_for_connection(dial_.there));
    ASSERT_TRUE(launch::send_connection(dial_.there, old.here));
  }
  StewardTalk one(settings_, dial_.here, {request_, {}}, now);
  ASSERT_EQ(talk(one, {}, {}, random), StewardTalk::State::Answered) << one.trouble();
}

TEST_F(Talk, TellsThatNobodyConnects) {
  os::ignore_broken_pipes();  // as a keep does
  StewardTalk refused(settings_, dial_.here, {request_, {}}, now);
  EXPECT_EQ(refused.step(), StewardTalk::State::Waiting);
  ASSERT_TRUE(launch::is_asked_for_connection(dial_.there));
  ASSERT_TRUE(launch::refuse_connection(dial_.there, "Connection refused"));
  EXPECT_EQ(refused.step(), StewardTalk::State::Failed);
  EXPECT_EQ(refused.trouble(), "cannot be reached: Connection refused");
  dial_.there.close();
  StewardTalk gone(settings_, dial_.here, {request_, {}}, now);
  EXPECT_EQ(gone.step(), StewardTalk::State::Failed);
}

}  // namespace
}  // namespace merlon::keep
