#include "merlon/simulate/server.h"

#include <array>
#include <chrono>
#include <thread>

#include "merlon/base/text.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/os/poll.h"

namespace merlon::simulate {

using core::ErrorCode;
using core::Result;
using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareRequest;
using launch::FirmwareStatus;

bool Throttle::is_busy() noexcept {
  // SplitMix64 (Steele, Lea, Flood 2014): any seed will do, zero too.
  state_ += 0x9E37'79B9'7F4A'7C15;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ mixed >> 30U) * 0xBF58'476D'1CE4'E5B9;
  mixed = (mixed ^ mixed >> 27U) * 0x94D0'49BB'1331'11EB;
  return (mixed >> 63U) != 0;
}

namespace {

FirmwareAnswer refused(std::string_view why) {
  const core::ByteView text = core::as_bytes(why);
  return {launch::FirmwareStatus::InvalidPlatformState, {text.begin(), text.end()}};
}

std::string spoilt(const core::Error& error) {
  return base::concat("the simulated platform is spoilt: ", error.message(),
                      "; merlon platform simulate show says more");
}

/// Nobody has said anything that is not yet answered, or has gone.
bool is_silent(os::BorrowedFd channel) {
  std::array items{os::PollItem{channel.number(), POLLIN, 0}};
  const auto count = os::poll(items, std::chrono::nanoseconds(0));
  return count && *count == 0;
}

}  // namespace

Result<Server> Server::create(LatePlatform platform, std::optional<Throttle> throttle,
                              PageFiles files) {
  auto context = TRY(LaunchContext::create(std::move(files)));
  return Server(std::move(platform), throttle, std::move(context));
}

Result<FirmwareAnswer> Server::perform(FirmwareRequest request) {
  switch (request.command) {
    case FirmwareCommand::Start: return FirmwareAnswer{context_.start(request.value), {}};
    case FirmwareCommand::Update:
      return context_.update(request.kind, request.value, std::move(request.payload));
    case FirmwareCommand::Finish: return FirmwareAnswer{context_.finish(request.payload), {}};
    case FirmwareCommand::Guest: return guest_request(request.payload);
    case FirmwareCommand::Certificates: return certificates();
    case FirmwareCommand::UpdateFrom: {
      auto parsed = launch::PageSource::parse(request.payload);
      // What is malformed has a size of 0 here, and the launch fails.
      const launch::PageSource source = std::move(parsed).value_or(launch::PageSource{});
      return FirmwareAnswer{context_.update_from(request.kind, request.value, source), {}};
    }
    case FirmwareCommand::Expect:
      is_expecting_ = true;
      return FirmwareAnswer{FirmwareStatus::Success, {}};
    case FirmwareCommand::EnclaveAdd:
    case FirmwareCommand::EnclaveAddFrom:
    case FirmwareCommand::EnclaveStart:
    case FirmwareCommand::EnclaveReport:
    case FirmwareCommand::EnclaveKey: break;
  }
  return FirmwareAnswer{FirmwareStatus::InvalidParameter, {}};
}

FirmwareAnswer Server::certificates() {
  const auto platform = platform_.get();
  if (!platform) return refused(spoilt(platform.error()));
  return {FirmwareStatus::Success, (*platform)->table};
}

void Server::settle() {
  if (processor_ || !refusal_.empty() || !context_.is_finished()) return;
  auto guest = context_.take_guest();
  const auto platform = platform_.get();
  if (!guest) {
    refusal_ = guest.error().message();
  } else if (!platform) {
    refusal_ = spoilt(platform.error());
  } else {
    processor_.emplace(**platform, *std::move(guest));
  }
}

Result<FirmwareAnswer> Server::guest_request(core::ByteView page) {
  settle();
  if (!refusal_.empty()) return refused(refusal_);
  if (!processor_) return FirmwareAnswer{FirmwareStatus::InvalidGuestState, {}};
  // Before anything is done for it, so that the guest may send the very same message again.
  if (throttle_ && throttle_->is_busy()) return FirmwareAnswer{FirmwareStatus::Busy, {}};
  return processor_->answer(page);
}

Result<std::optional<FirmwareAnswer>> Server::answer(FirmwareRequest request) {
  const bool answered = launch::is_answered(request);
  FirmwareAnswer made = TRY(perform(std::move(request)));
  if (!answered) return std::optional<FirmwareAnswer>();
  return std::optional(std::move(made));
}

void Server::work_ahead(os::BorrowedFd channel) {
  while (is_expecting_ && is_silent(channel)) {
    // First, since before the launch nothing else can be done; a refusal waits until it is told.
    static_cast<void>(platform_.get());
    if (context_.measure_some()) {
      // Whoever has something to do for this launch comes first.
      std::this_thread::yield();
      continue;
    }
    if (context_.is_finished()) {
      settle();
      is_expecting_ = false;
    }
    return;
  }
}

Result<void> Server::serve(os::BorrowedFd channel) {
  for (;;) {
    work_ahead(channel);
    auto request = launch::receive_firmware_request(channel);
    if (!request) {
      const bool over =
          request.error().code == ErrorCode::Unavailable && request.error().detail == 0;
      return over ? Result<void>() : request.error();
    }
    auto answer = TRY(this->answer(*std::move(request)));
    if (!answer) continue;
    const auto sent = launch::send(channel, *answer);
    // It may have been the guest's keys.
    const crypto::SecretBytes used(std::move(answer->payload));
    TRY(sent);
  }
}

}  // namespace merlon::simulate
