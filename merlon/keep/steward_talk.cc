#include "merlon/keep/steward_talk.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"
#include "merlon/keep/trust.h"
#include "merlon/launch/dial.h"
#include "merlon/net/socket.h"
#include "merlon/net/wait.h"
#include "merlon/os/clock.h"

namespace merlon::keep {

using base::concat;

namespace {

constexpr std::size_t max_answer = std::size_t{256} << 10U;

/// Whether the other side has said something, or gone.
bool has_answer(os::BorrowedFd dialer) {
  std::array items{os::PollItem{dialer.number(), POLLIN, 0}};
  return os::poll(items, std::chrono::nanoseconds(0)).value_or(0U) > 0;
}

/// An answer that a talk before this one did not wait for is no connection of now: whoever gave it
/// may have closed it long since, and each talk would get the one before its own.
void drop_old_answers(os::BorrowedFd dialer) {
  constexpr int most = 8;  // a channel that has ended always has an answer
  for (int i = 0; i < most && has_answer(dialer); ++i) {
    static_cast<void>(launch::receive_connection(dialer));
  }
}

}  // namespace

std::string url_of(const launch::Steward& steward) {
  return concat("https://", http_client::authority_of(steward.host, steward.port), steward.path);
}

StewardTalk::StewardTalk(const launch::Steward& steward, os::BorrowedFd dialer,
                         Self::Requests requests, std::int64_t now)
    : steward_(steward),
      dialer_(dialer),
      now_(now),
      question_{"POST", steward.path, "application/pkcs10",
                "application/octet-stream, application/problem+json", std::move(requests.request)},
      as_enarx_(std::move(requests.as_enarx)) {}

StewardTalk::StewardTalk(const launch::Steward& steward, os::BorrowedFd dialer, Question question,
                         std::int64_t now)
    : steward_(steward), dialer_(dialer), now_(now), question_(std::move(question)) {}

StewardTalk::State StewardTalk::fail(std::string why) {
  stage_ = Stage::Over;
  trouble_ = std::move(why);
  return State::Failed;
}

StewardTalk::State StewardTalk::step() {
  for (;;) {
    const Stage before = stage_;
    const State state = go_on();
    if (state != State::Waiting || stage_ == before) return state;
  }
}

StewardTalk::State StewardTalk::go_on() {
  switch (stage_) {
    case Stage::Ask:
      drop_old_answers(dialer_);
      if (const auto asked = launch::ask_for_connection(dialer_); !asked) {
        return fail("the host connects nobody any more");
      }
      stage_ = Stage::Dial;
      return State::Waiting;
    case Stage::Dial:
      if (!has_answer(dialer_)) return State::Waiting;
      if (const auto why = take_connection()) return fail(concat("cannot be reached: ", *why));
      stage_ = Stage::Shake;
      return State::Waiting;
    case Stage::Shake: {
      const auto state = session_->shake();
      if (state == tls::Session::Handshake::Failed) return fail(session_->trouble());
      if (state == tls::Session::Handshake::Done) stage_ = Stage::Exchange;
      return State::Waiting;
    }
    case Stage::Exchange: {
      const auto complete = exchange_->step(*session_);
      if (!complete) return fail(std::string(complete.error().message()));
      return *complete ? hear() : State::Waiting;
    }
    case Stage::Over: break;
  }
  return trouble_.empty() ? State::Answered : State::Failed;
}

/// Nothing, or why not.
std::optional<std::string> StewardTalk::take_connection() {
  auto connection = launch::receive_connection(dialer_);
  if (!connection) return connection.error();
  tls::ClientSettings settings;
  settings.trust = certificates_of(steward_.trust, {});
  settings.now = [now = now_] { return now; };
  const auto context = tls::Context::client(settings);
  if (!context) return std::string(context.error().message());
  auto session = tls::Session::connect(
      *context, std::make_unique<net::SocketStream>(*std::move(connection)), steward_.host);
  if (!session) return std::string(session.error().message());
  session_ = *std::move(session);
  auto bytes = http_client::to_bytes(
      {question_.method, http_client::authority_of(steward_.host, steward_.port), question_.path,
       question_.content_type, question_.accept, std::move(question_.body)});
  if (!bytes) return std::string(bytes.error().message());
  exchange_.emplace(*std::move(bytes), max_answer);
  return std::nullopt;
}

StewardTalk::State StewardTalk::hear() {
  http_client::Answer answer = exchange_->take_answer();
  constexpr unsigned ok = 200;
  if (answer.status != ok) {
    const bool told = answer.content_type.starts_with("application/problem+json");
    // Enarx's Steward knows no extension beside the evidence, and gives no reason for anything. The
    // answer is the Steward's own: nobody between could have it asked for less.
    constexpr unsigned bad_request = 400;
    if (answer.status == bad_request && !told && !as_enarx_.empty()) {
      question_.body = std::exchange(as_enarx_, {});
      session_.reset();
      exchange_.reset();
      stage_ = Stage::Ask;
      return State::Waiting;
    }
    const std::string why = told ? problem_text(answer.body) : "";
    return fail(concat("refuses this keep (HTTP status ", answer.status, ")",
                       why.empty() ? "" : ": ", why));
  }
  stage_ = Stage::Over;
  answer_ = std::move(answer.body);
  session_.reset();
  return State::Answered;
}

void StewardTalk::add_awaited(std::vector<os::PollItem>& items) const {
  switch (stage_) {
    case Stage::Ask:
    case Stage::Over: return;
    case Stage::Dial: items.push_back({dialer_.number(), POLLIN, 0}); return;
    case Stage::Shake:
      items.push_back({session_->descriptor().number(), session_->awaits(net::Side::Read), 0});
      return;
    case Stage::Exchange:
      items.push_back({session_->descriptor().number(), session_->awaits(exchange_->awaited()), 0});
      return;
  }
}

core::Result<std::vector<std::uint8_t>, std::string> finish(StewardTalk& talk) {
  constexpr std::uint64_t longest = 30'000'000'000;  // connection, handshake and answer together
  const std::uint64_t deadline = net::deadline_after(longest);
  for (;;) {
    switch (talk.step()) {
      case StewardTalk::State::Answered: return talk.answer();
      case StewardTalk::State::Failed: return talk.trouble();
      case StewardTalk::State::Waiting: break;
    }
    std::vector<os::PollItem> items;
    talk.add_awaited(items);
    const auto time = os::now(os::Clock::Monotonic);
    if (!time || *time >= deadline) return std::string("no answer in time");
    static_cast<void>(os::poll(items, std::chrono::nanoseconds(deadline - *time)));
  }
}

std::string problem_text(core::ByteView json) {
  const auto parsed = codec::JsonDocument::parse(core::as_text(json));
  if (!parsed) return "";
  std::string text;
  for (const std::string_view member : {"code", "detail"}) {
    const codec::JsonValue* const value = parsed->root().find(member);
    if (value == nullptr || value->text().empty()) continue;
    constexpr std::size_t longest = 300;
    text += concat(text.empty() ? "" : ": ", value->text().substr(0, longest));
  }
  return text;
}

}  // namespace merlon::keep
