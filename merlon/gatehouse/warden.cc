#include "merlon/gatehouse/warden.h"

#include <array>
#include <csignal>

#include "merlon/base/text.h"
#include "merlon/delivery/sealed.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::gatehouse {

using base::concat;
using core::Result;
using os::Errno;

namespace {

constexpr std::size_t one_read = std::size_t{64} << 10U;
/// What a keep does not take waits here, and then with the tenant.
constexpr std::size_t most_input = std::size_t{1} << 20U;
/// Of one keep; then it has to wait until somebody stops it.
constexpr std::uint64_t most_output = std::uint64_t{256} << 20U;
constexpr std::chrono::seconds start_limit{60};
/// Nobody who can connect needs longer; one that hangs must not keep the keep's output waiting.
constexpr std::chrono::seconds patience{10};

std::uint64_t now() { return os::now(os::Clock::Monotonic).value_or(0); }

Result<launch::Proof, std::string> prove(host::Keep& keep, const KeepRequest& request,
                                         const os::SignalRelay& relay) {
  const auto readiness = keep.readiness(relay, start_limit);
  if (!readiness) return readiness.error().text;
  if (!readiness->ready) {
    return concat("backend ", host::name_of(request.backend), ": ",
                  base::printable(readiness->text));
  }
  auto plan = host::make_offer(request.offer);
  if (!plan) return plan.error().text;
  if (const auto launched = keep.launch(*std::move(plan)); !launched) return launched.error().text;
  auto proof = keep.proof(relay, start_limit);
  if (!proof) return proof.error().text;
  return *std::move(proof);
}

class HostsKeep final : public Ward {
 public:
  HostsKeep(host::Keep keep, const os::SignalRelay& relay) noexcept
      : keep_(std::move(keep)), relay_(relay) {}

  [[nodiscard]] os::BorrowedFd channel() const noexcept override { return keep_.channel(); }
  [[nodiscard]] os::Fd take_channel() override { return keep_.take_channel(); }
  void signal(int number) noexcept override { static_cast<void>(keep_.signal(number)); }
  [[nodiscard]] std::string wait() override {
    const auto ended = keep_.wait(relay_, start_limit);
    if (!ended || !*ended) return "unknown";
    const bool exited = (*ended)->kind == os::ExitStatus::Kind::Exited;
    return concat(exited ? "exited " : "killed ", (*ended)->value);
  }

 private:
  host::Keep keep_;
  const os::SignalRelay& relay_;
};

}  // namespace

Result<Warden, std::string> Warden::start(const KeepFolder& folder, const Settings& settings,
                                          const os::SignalRelay& relay) {
  constexpr std::size_t largest_request = 65536;
  const auto text = folder.read(KeepFolder::request, largest_request);
  if (!text) return std::string("the keep's folder has no request");
  KeepRequest request = TRY(door::parse_keep_request(core::as_text(*text)));
  for (host::Wish& wish : request.offer.wishes) {
    wish.reaches_local = settings.reaches_local;
    if (wish.kind == host::Wish::Kind::Volume) {
      wish.folder = concat(settings.volumes, "/", wish.host);
      wish.max_bytes = settings.volume_bytes;
    }
  }
  auto keep = host::Keep::start(request.backend, settings.machine);
  if (!keep) return keep.error().text;
  const launch::Proof proof = TRY(prove(*keep, request, relay));
  const auto bytes = launch::encode(launch::ProofAnswer{proof, ""});
  if (!bytes) return std::string(bytes.error().message());
  TRY(folder.write(KeepFolder::proof, core::as_text(*bytes)));
  return of(folder, std::make_unique<HostsKeep>(*std::move(keep), relay), {});
}

Result<Warden, std::string> Warden::of(const KeepFolder& folder, std::unique_ptr<Ward> keep,
                                       Limits limits) {
  auto output = os::create_private_file(folder.file(KeepFolder::output));
  if (!output) return concat("cannot keep the output: ", os::describe(output.error()));
  auto listener = os::listen_local(folder.file(KeepFolder::control));
  if (!listener) return concat("cannot listen: ", os::describe(listener.error()));
  // Whoever gave this keep up meanwhile could not find its warden before.
  if (!os::exists(folder.file(KeepFolder::record))) {
    return std::string("the keep was given up while it started");
  }
  return Warden(folder, std::move(keep), limits, *std::move(listener), *std::move(output));
}

void Warden::stay() {
  bool over = false;
  while (!over) {
    std::array<os::PollItem, 2> items{
        {{os::BorrowedFd(listener_).number(), POLLIN, 0}, {-1, 0, 0}}};
    const bool room = output_size_ < most_output;
    items[1].fd = talk_.is_open() ? talk_.number() : keep_->channel().number();
    const bool says = hand_over_ || !input_.empty();
    items[1].events =
        static_cast<short>((talk_.is_open() && room ? POLLIN : 0) | (says ? POLLOUT : 0));
    constexpr std::chrono::milliseconds pace{250};
    const bool timed = kill_at_ != 0 || hand_over_;
    const auto wait = timed ? std::optional<std::chrono::nanoseconds>(pace) : std::nullopt;
    const auto ready = os::poll(items, wait);
    if (kill_at_ != 0 && now() >= kill_at_) keep_->signal(SIGKILL);
    if (!ready) continue;
    if ((items[0].revents & POLLIN) != 0) {
      if (auto connection = os::accept(listener_)) serve(*std::move(connection));
    }
    pass_delivery();
    pass_input();
    const bool heard = (items[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0;
    if (!heard) continue;
    over = talk_.is_open() ? !take_output() : (items[1].revents & (POLLHUP | POLLERR)) != 0;
  }
  end_hand_over(Outcome::Broken);
  static_cast<void>(folder_.write(KeepFolder::end, keep_->wait()));
}

void Warden::serve(os::Fd connection) {
  static_cast<void>(os::set_nonblock(connection, false));
  static_cast<void>(os::limit_waiting(connection, patience));
  auto command = receive_command(connection);
  if (!command) return;
  switch (command->verb) {
    case Verb::Deliver:
      if (const auto refused = begin(connection, command->bytes)) answer(connection, *refused);
      return;
    case Verb::Input: answer(connection, take_input(command->position, command->bytes)); return;
    case Verb::Stop:
      stop();
      answer(connection, Outcome::Done);
      return;
  }
}

void Warden::answer(os::BorrowedFd connection, Outcome outcome) const {
  static_cast<void>(send_reply(connection, {outcome, input_taken_}));
}

std::optional<Outcome> Warden::begin(os::Fd& asker, std::vector<std::uint8_t>& sealed) {
  if (talk_.is_open()) return Outcome::TakenBefore;
  if (!delivery::is_one_delivery(sealed)) return Outcome::NoDelivery;
  // Noted first, so that a full disk refuses before anything runs: a refusal behind that would have
  // the workload delivered once more.
  if (!folder_.write(KeepFolder::delivered, "")) {
    folder_.remove(KeepFolder::delivered);
    return Outcome::NoRoom;
  }
  talk_ = keep_->take_channel();
  static_cast<void>(os::set_nonblock(talk_, true));
  const auto limit = static_cast<std::uint64_t>(limits_.hand_over.count());
  hand_over_ = HandOver{std::move(asker), std::move(sealed), 0, now() + limit};
  return std::nullopt;
}

void Warden::pass_delivery() {
  if (!hand_over_) return;
  std::vector<std::uint8_t>& bytes = hand_over_->bytes;
  const std::array<::iovec, 1> from{
      {{bytes.data() + hand_over_->taken, bytes.size() - hand_over_->taken}}};
  const auto sent = os::send(talk_, from);
  if (!sent && sent.error() != Errno::Again && sent.error() != Errno::Intr) {
    return end_hand_over(Outcome::Broken);
  }
  if (sent) hand_over_->taken += *sent;
  if (hand_over_->taken == bytes.size()) return end_hand_over(Outcome::Done);
  if (now() < hand_over_->until) return;
  // Half a delivery is of no use to anybody.
  keep_->signal(SIGKILL);
  end_hand_over(Outcome::Broken);
}

void Warden::end_hand_over(Outcome outcome) {
  if (!hand_over_) return;
  if (outcome != Outcome::Done) folder_.remove(KeepFolder::delivered);
  answer(hand_over_->asker, outcome);
  hand_over_.reset();
}

Outcome Warden::take_input(std::uint64_t position, core::ByteView bytes) {
  if (!talk_.is_open()) return Outcome::NotYet;
  if (position != input_taken_) return Outcome::Elsewhere;
  if (hand_over_) return Outcome::Full;
  if (!input_.empty() && input_.size() + bytes.size() > most_input) return Outcome::Full;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  input_taken_ += bytes.size();
  return Outcome::Done;
}

void Warden::pass_input() {
  if (input_.empty() || !talk_.is_open()) return;
  const std::array<::iovec, 1> from{{{input_.data(), input_.size()}}};
  const auto sent = os::send(talk_, from);
  if (sent) input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(*sent));
  if (!sent && sent.error() != Errno::Again && sent.error() != Errno::Intr) input_.clear();
}

void Warden::stop() {
  if (kill_at_ != 0) return;
  kill_at_ = now() + static_cast<std::uint64_t>(limits_.grace.count());
  keep_->signal(SIGTERM);
}

bool Warden::take_output() {
  std::vector<std::uint8_t> bytes(one_read);
  const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
  const auto got = os::receive(talk_, into);
  if (!got) return got.error() == Errno::Again || got.error() == Errno::Intr;
  if (got->size == 0) return false;
  if (!os::write_all(output_, core::ByteView(bytes).first(got->size))) {
    stop();  // a talk with a hole in it is of no use to anybody
    return true;
  }
  output_size_ += got->size;
  return true;
}

}  // namespace merlon::gatehouse
