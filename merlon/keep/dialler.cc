#include "merlon/keep/dialler.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/net/socket.h"
#include "merlon/os/stream_flags.h"

namespace merlon::keep {

using base::concat;
using launch::Allowed;
using launch::DialOutcome;
using net::Readiness;
using net::Side;
using wasi::Endpoint;
using wasi::Errno;
using wasi::Family;

namespace {

/// Names in the list are in lower case; those of a workload need not be.
std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return made;
}

constexpr std::array<std::uint8_t, 8> ipv6_range{0xFD, 0x4D, 0x65, 0x72, 0x6C, 0x6F, 0x6E, 0x00};

Endpoint stand_in(std::size_t index, Family family) {
  const auto number = static_cast<std::uint32_t>(index + 1);
  Endpoint made{family, {}, 0};
  std::size_t at = 12;
  if (family == Family::Ipv4) {
    at = 0;
  } else {
    std::ranges::copy(ipv6_range, made.address.begin());
  }
  for (std::size_t i = 0; i < 4; ++i) {
    made.address[at + i] = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
  }
  if (family == Family::Ipv4) made.address[0] = 240;
  return made;
}

std::string dotted(const Endpoint& endpoint) {
  const auto& a = endpoint.address;
  return concat(unsigned{a[0]}, ".", unsigned{a[1]}, ".", unsigned{a[2]}, ".", unsigned{a[3]});
}

Errno errno_of(DialOutcome outcome) noexcept {
  switch (outcome) {
    case DialOutcome::Connected: return Errno::Success;
    case DialOutcome::Refused: return Errno::Connrefused;
    case DialOutcome::Unreachable:
    case DialOutcome::NoAddress: return Errno::Hostunreach;
    case DialOutcome::TimedOut: return Errno::Timedout;
    case DialOutcome::Failed: break;
  }
  return Errno::Connaborted;
}

bool has_answer(os::BorrowedFd channel) {
  std::array items{os::PollItem{channel.number(), POLLIN, 0}};
  return os::poll(items, std::chrono::nanoseconds(0)).value_or(0U) > 0;
}

}  // namespace

StandIns::StandIns(const std::vector<Allowed>& allowed) : allowed_(allowed) {
  for (const Allowed& each : allowed) {
    if (std::ranges::find(names_, each.name) == names_.end()) names_.push_back(each.name);
  }
}

std::optional<Endpoint> StandIns::of(std::string_view name, Family family) const {
  const auto found = std::ranges::find(names_, lower(name));
  if (found == names_.end()) return std::nullopt;
  return stand_in(static_cast<std::size_t>(found - names_.begin()), family);
}

std::optional<std::uint16_t> StandIns::place_of(const Endpoint& to) const {
  const Endpoint address{to.family, to.address, 0};
  const std::string literal = to.family == Family::Ipv4 ? dotted(to) : "";
  for (std::size_t i = 0; i < allowed_.size(); ++i) {
    const Allowed& each = allowed_[i];
    if (each.port != to.port) continue;
    if (each.name == literal || of(each.name, to.family) == address) {
      return static_cast<std::uint16_t>(i);
    }
  }
  return std::nullopt;
}

wasi::Result<Endpoint> Dialler::resolve(std::string_view name, Family family) {
  const auto found = stand_ins_.of(name, family);
  if (!found) return wasi::fail(Errno::Notcapable);
  return *found;
}

std::shared_ptr<wasi::OutgoingStream> Dialler::open() {
  return std::make_shared<Outgoing>(shared_from_this());
}

wasi::Result<void> Dialler::ask(std::uint16_t place, std::weak_ptr<Outgoing> who) {
  if (over_) return wasi::fail(Errno::Netdown);
  if (queued_.size() >= most_queued) return wasi::fail(Errno::Again);
  queued_.push_back({place, std::move(who)});
  put_queued();
  return over_ ? wasi::Result<void>(wasi::fail(Errno::Netdown)) : wasi::Result<void>();
}

void Dialler::put_queued() {
  while (!queued_.empty() && asked_.size() < most_asked) {
    const Queued next = std::move(queued_.front());
    queued_.pop_front();
    if (next.who.expired()) continue;  // given up meanwhile
    const std::uint32_t id = next_id_++;
    asked_.insert_or_assign(id, next.who);
    if (!launch::ask(channel_, {id, next.place})) return end();
  }
}

void Dialler::collect() {
  while (!over_ && !asked_.empty() && has_answer(channel_)) {
    // A connection that comes and finds no descriptor is lost, and with it the word whose it was.
    if (!os::duplicate(channel_)) return give_up();
    auto answer = launch::receive_answer(channel_);
    if (!answer) return end();
    const auto asked = asked_.find(answer->id);
    if (asked == asked_.end()) return end();  // nobody asked: the host makes it up
    const std::shared_ptr<Outgoing> who = asked->second.lock();
    asked_.erase(asked);
    if (who) who->take(*std::move(answer));
    put_queued();
  }
}

/// Their answers are dropped when there is room for them again.
void Dialler::give_up() {
  for (auto& [id, asked] : asked_) {
    if (const auto who = asked.lock()) who->fail(Errno::Mfile);
    asked.reset();
  }
  for (const Queued& each : std::exchange(queued_, {})) {
    if (const auto who = each.who.lock()) who->fail(Errno::Mfile);
  }
}

/// Whoever waits has nothing to wait for.
void Dialler::end() {
  over_ = true;
  for (const auto& [id, asked] : std::exchange(asked_, {})) {
    if (const auto who = asked.lock()) who->take(std::nullopt);
  }
  for (const Queued& each : std::exchange(queued_, {})) {
    if (const auto who = each.who.lock()) who->take(std::nullopt);
  }
}

void Dialler::tell(const Allowed& with, std::string_view why) {
  constexpr unsigned most = 8;  // a workload may try for ever
  if (told_ >= most) return;
  ++told_;
  report_(concat("no TLS with ", base::quoted(with.name), ": ", why,
                 told_ == most ? "; no more is said of such failures" : ""));
}

wasi::Result<void> Outgoing::begin(const Endpoint& to) {
  const auto place = dialler_->stand_ins_.place_of(to);
  if (!place) return wasi::fail(Errno::Notcapable);
  place_ = *place;
  to_ = to;
  stage_ = Stage::Dial;
  auto asked = dialler_->ask(*place, weak_from_this());
  if (!asked) stage_ = Stage::Idle;
  return asked;
}

void Outgoing::fail(Errno why) {
  stage_ = Stage::Failed;
  failure_ = why;
  stream_.reset();
  session_ = nullptr;
}

void Outgoing::take(std::optional<launch::DialAnswer> answer) {
  if (!answer) return fail(Errno::Netdown);
  if (answer->outcome != DialOutcome::Connected) return fail(errno_of(answer->outcome));
  if (!os::set_nonblock(answer->connection, true)) return fail(Errno::Connaborted);
  stream_ = std::make_shared<net::SocketStream>(std::move(answer->connection));
  const Allowed& allowed = dialler_->at(place_);
  stage_ = Stage::Open;
  polled_ = false;
  if (!allowed.tls) return;
  if (!dialler_->tls_) return fail(Errno::Io);
  const auto session = dialler_->tls_->session(*allowed.tls, std::move(stream_));
  if (!session) {
    return fail(session.error().code == core::ErrorCode::Exhausted ? Errno::Nomem : Errno::Io);
  }
  session_ = session->get();
  stream_ = *session;
  stage_ = Stage::Shake;
}

void Outgoing::step() {
  if (stage_ == Stage::Dial) dialler_->collect();
  if (stage_ != Stage::Shake) return;
  switch (session_->shake()) {
    case tls::Session::Handshake::Waiting: return;
    case tls::Session::Handshake::Done: stage_ = Stage::Open; return;
    case tls::Session::Handshake::Failed: break;
  }
  dialler_->tell(dialler_->at(place_), session_->trouble());
  fail(Errno::Proto);
}

wasi::Result<wasi::OutgoingStream::State> Outgoing::progress() {
  step();
  switch (stage_) {
    case Stage::Idle: return State::Idle;
    case Stage::Dial:
    case Stage::Shake: return State::Connecting;
    case Stage::Open: return State::Connected;
    case Stage::Failed: break;
  }
  stage_ = Stage::Idle;
  return wasi::fail(std::exchange(failure_, Errno::Success));
}

std::optional<Endpoint> Outgoing::remote() const noexcept {
  if (stage_ != Stage::Open) return std::nullopt;
  return to_;
}

os::BorrowedFd Outgoing::descriptor() const noexcept {
  if (stream_) return stream_->descriptor();
  return stage_ == Stage::Dial ? os::BorrowedFd(dialler_->channel_) : os::BorrowedFd(-1);
}

os::Errno Outgoing::not_ready() {
  switch (stage_) {
    case Stage::Dial:
    case Stage::Shake: return os::Errno::Again;
    case Stage::Failed: return os::Errno::Connaborted;
    case Stage::Idle:
    case Stage::Open: break;
  }
  return os::Errno::Notconn;
}

os::Result<os::Received> Outgoing::receive(os::IoVectors into, os::ReceiveFlags flags) {
  step();
  if (stage_ != Stage::Open) return not_ready();
  return stream_->receive(into, flags);
}

os::Result<std::size_t> Outgoing::send(os::IoVectors from) {
  step();
  if (stage_ != Stage::Open) return not_ready();
  return stream_->send(from);
}

os::Result<void> Outgoing::shut_down(bool reading, bool writing) {
  if (stage_ != Stage::Open) return os::Errno::Notconn;
  return stream_->shut_down(reading, writing);
}

short Outgoing::awaits(Side side) const noexcept {
  polled_ = stage_ == Stage::Open;
  return stream_ ? stream_->awaits(side) : static_cast<short>(POLLIN);
}

Readiness Outgoing::look(Side side) {
  step();
  switch (stage_) {
    case Stage::Dial:
    case Stage::Shake: return {Readiness::Known::No};
    case Stage::Idle:
    case Stage::Failed: return {Readiness::Known::Yes, true};
    case Stage::Open: break;
  }
  const Readiness known = stream_->look(side);
  if (known.known != Readiness::Known::Ask || polled_) return known;
  // What was polled was the channel. A connection that is new has room to write.
  return {side == Side::Write ? Readiness::Known::Yes : Readiness::Known::No};
}

bool Outgoing::has_unsent() const noexcept { return stream_ && stream_->has_unsent(); }

void Outgoing::flush() {
  if (stream_) stream_->flush();
}

void Outgoing::finish() {
  if (stream_) stream_->finish();
}

}  // namespace merlon::keep
