#include "merlon/cli_deploy/testing/small_gatehouse.h"

#include <array>
#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/os/file.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/random.h"
#include "merlon/os/socket.h"

namespace merlon::cli_deploy::testing {

using base::concat;
using delivery::Direction;
using delivery::RecordKind;
using gatehouse::Command;
using gatehouse::KeepFolder;
using gatehouse::Outcome;
using gatehouse::Verb;

namespace {

std::string new_id() {
  std::array<std::uint8_t, 16> bytes{};
  static_cast<void>(os::fill_random(bytes));
  return base::hex(bytes);
}

std::string text_of(core::ByteView bytes) { return std::string(core::as_text(bytes)); }

gatehouse::HouseSettings settings_in(const std::string& folder) {
  gatehouse::HouseSettings settings;
  settings.folder = folder;
  settings.backends = {host::Backend::Nil};
  return settings;
}

}  // namespace

ThreadedKeep::ThreadedKeep(KeepFolder folder, const delivery::Nonce& nonce, Manner manner)
    : folder_(std::move(folder)),
      nonce_(nonce),
      manner_(std::move(manner)),
      key_(crypto::X25519Key::generate().value()),
      listener_(os::listen_local(folder_.file(KeepFolder::control)).value()),
      stop_(os::WakeUp::create().value()) {
  launch::Proof proof;
  const core::ByteView key = key_.public_key().view();
  proof.hpke_key.assign(key.begin(), key.end());
  proof.tls_key = {1, 2, 3};
  if (manner_.attest) {
    evidence_ = manner_.attest(evidence::keep_report_data(
        crypto::sha256({proof.tls_key}), crypto::sha256({proof.hpke_key}),
        evidence::Nonce::from(nonce_.view()).value()));
  }
  proof.evidence = evidence_;
  const auto bytes = launch::encode(launch::ProofAnswer{proof, ""}).value();
  static_cast<void>(folder_.write(KeepFolder::proof, core::as_text(bytes)));
  static_cast<void>(folder_.write(KeepFolder::output, ""));
  thread_ = std::thread([this] { live(); });
}

ThreadedKeep::~ThreadedKeep() {
  stop_.ring();
  thread_.join();
}

std::optional<delivery::Workload> ThreadedKeep::delivered() const {
  const std::scoped_lock lock(mutex_);
  return delivered_;
}

void ThreadedKeep::live() {
  while (!is_over_) {
    std::array<os::PollItem, 2> items{
        {{os::BorrowedFd(listener_).number(), POLLIN, 0}, {stop_.fd().number(), POLLIN, 0}}};
    if (!os::poll(items, std::nullopt)) continue;
    if (items[1].revents != 0) break;
    const auto connection = os::accept(listener_);
    if (!connection || !os::set_nonblock(*connection, false)) continue;
    const auto command = gatehouse::receive_command(*connection);
    if (!command) continue;  // somebody who looks whether it is there
    const Outcome outcome = obey(*command);
    static_cast<void>(gatehouse::send_reply(*connection, {outcome, heard_}));
  }
  listener_.close();
}

Outcome ThreadedKeep::obey(const Command& command) {
  switch (command.verb) {
    case Verb::Deliver: return take(command.bytes);
    case Verb::Input: return hear(command);
    case Verb::Stop: end("killed 9"); return Outcome::Done;
  }
  return Outcome::Broken;
}

Outcome ThreadedKeep::take(const std::vector<std::uint8_t>& sealed) {
  if (sealer_) return Outcome::TakenBefore;
  auto opened = delivery::open(key_, {evidence_, nonce_}, std::vector(sealed));
  if (!opened) return Outcome::Broken;
  static_cast<void>(folder_.write(KeepFolder::delivered, ""));
  sealer_.emplace(delivery::record_key(opened->exporter, Direction::FromKeep));
  opener_.emplace(delivery::record_key(opened->exporter, Direction::ToKeep), Direction::ToKeep);
  const auto module = crypto::sha256({opened->workload.module});
  {
    const std::scoped_lock lock(mutex_);
    delivered_ = std::move(opened->workload);
  }
  if (manner_.is_lost) {
    end("killed 9");
    return Outcome::Done;
  }
  say(RecordKind::Taken, module.view());
  if (manner_.mark) say(RecordKind::Mark, manner_.mark->bytes());
  say(RecordKind::Remark, core::as_bytes("a remark"));
  say(RecordKind::Output, core::as_bytes(manner_.says));
  return Outcome::Done;
}

Outcome ThreadedKeep::hear(const Command& command) {
  if (!opener_) return Outcome::NotYet;
  if (command.position != heard_) return Outcome::Elsewhere;
  if (std::exchange(manner_.is_full, false)) return Outcome::Full;
  heard_ += command.bytes.size();
  opener_->feed(command.bytes);
  for (;;) {
    const auto record = opener_->next();
    if (!record) return Outcome::Broken;
    if (!*record) return Outcome::Done;
    if ((*record)->kind != RecordKind::InputEnd) {
      say(RecordKind::Output, (*record)->content);
      continue;
    }
    std::array<std::uint8_t, 4> status{static_cast<std::uint8_t>(manner_.status)};
    say(RecordKind::Ended, status);
    end(concat("exited ", manner_.status));
    return Outcome::Done;
  }
}

void ThreadedKeep::say(RecordKind kind, core::ByteView content) {
  output_ += text_of(sealer_->seal(kind, content));
  static_cast<void>(folder_.write(KeepFolder::output, output_));
}

void ThreadedKeep::end(std::string_view how) {
  static_cast<void>(folder_.write(KeepFolder::end, how));
  is_over_ = true;
}

SmallGatehouse::SmallGatehouse(std::string folder)
    : folder_(std::move(folder)),
      house_(settings_in(folder_)),
      service_(house_, {[] { return codec::UnixTime{1'800'000'000}; },
                        [] { return http::Counters{}; }, true, 32}) {
  static_cast<void>(house_.open());
  os::Fd listener = os::listen_tcp("127.0.0.1", 0).value();
  url_ = concat("http://127.0.0.1:", os::local_port(listener).value());
  std::vector<os::Fd> listeners;
  listeners.push_back(std::move(listener));
  http::Settings settings;
  settings.workers = 4;
  settings.limits.body_bytes = std::size_t{4} << 20U;
  settings.handler = [this](const http::Request& request) { return handle(request); };
  server_.emplace(http::Server::start(std::move(listeners), std::move(settings)).value());
}

SmallGatehouse::~SmallGatehouse() {
  close();
  keeps_.clear();
  std::error_code error;
  std::filesystem::remove_all(folder_, error);
}

void SmallGatehouse::set_manner(ThreadedKeep::Manner manner) {
  const std::scoped_lock lock(mutex_);
  manner_ = std::move(manner);
}

SmallGatehouse::Replacement::Replacement(SmallGatehouse& house, Instead instead) : house_(house) {
  const std::scoped_lock lock(house_.instead_mutex_);
  house_.instead_ = std::move(instead);
}

SmallGatehouse::Replacement::~Replacement() {
  const std::scoped_lock lock(house_.instead_mutex_);
  house_.instead_ = nullptr;
}

std::vector<const ThreadedKeep*> SmallGatehouse::keeps() const {
  const std::scoped_lock lock(mutex_);
  std::vector<const ThreadedKeep*> all;
  for (const auto& [id, keep] : keeps_) all.push_back(keep.get());
  return all;
}

std::string SmallGatehouse::volumes() const {
  const auto name = crypto::sha256({core::as_bytes("anonymous")});
  return concat(folder_, "/volumes/", base::hex(name.view()));
}

http::Response SmallGatehouse::handle(const http::Request& request) {
  {
    const std::shared_lock lock(instead_mutex_);
    if (instead_) {
      if (auto response = instead_(request)) return *std::move(response);
    }
  }
  if (request.method == "POST" && request.target == "/v1/keeps") return start(request);
  return service_.handle(request);
}

http::Response SmallGatehouse::start(const http::Request& request) {
  const auto wanted = door::parse_keep_request(request.body);
  ThreadedKeep::Manner manner;
  {
    const std::scoped_lock lock(mutex_);
    manner = manner_;
  }
  const auto offered = manner.attest ? host::Backend::SnpSim : host::Backend::Nil;
  // What it does not offer the service refuses.
  if (!wanted || wanted->backend != offered) return service_.handle(request);
  const std::string id = new_id();
  const KeepFolder folder(concat(folder_, "/", id));
  std::filesystem::create_directories(folder.path());
  static_cast<void>(folder.write(
      KeepFolder::record,
      to_json(gatehouse::KeepRecord{id, "anonymous", "2026-01-01T00:00:00Z", offered})));
  const auto nonce = delivery::Nonce::from(wanted->offer.nonce).value();
  {
    const std::scoped_lock lock(mutex_);
    keeps_[id] = std::make_unique<ThreadedKeep>(folder, nonce, std::move(manner));
  }
  http::Request again;
  again.method = "GET";
  again.target = concat("/v1/keeps/", id, "/evidence");
  http::Response response = service_.handle(again);
  response.status = 201;
  return response;
}

}  // namespace merlon::cli_deploy::testing
