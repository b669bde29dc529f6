#include "merlon/simulate/server.h"

#include "merlon/crypto/secret_bytes.h"

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

Result<Server> Server::create(const Platform& platform, std::optional<Throttle> throttle) {
  return Server(platform, throttle, TRY(LaunchContext::create()));
}

Result<FirmwareAnswer> Server::perform(const FirmwareRequest& request) {
  switch (request.command) {
    case FirmwareCommand::Start: return FirmwareAnswer{context_.start(request.value), {}};
    case FirmwareCommand::Update:
      return context_.update(request.kind, request.value, request.payload);
    case FirmwareCommand::Finish: return FirmwareAnswer{finish(request.payload), {}};
    case FirmwareCommand::Guest: return guest_request(request.payload);
    case FirmwareCommand::Certificates:
      return FirmwareAnswer{FirmwareStatus::Success, platform_.table};
  }
  return FirmwareAnswer{FirmwareStatus::InvalidParameter, {}};
}

FirmwareStatus Server::finish(core::ByteView payload) {
  const FirmwareStatus status = context_.finish(payload);
  if (status == FirmwareStatus::Success) processor_.emplace(platform_, context_.take_guest());
  return status;
}

Result<FirmwareAnswer> Server::guest_request(core::ByteView page) {
  if (!processor_) return FirmwareAnswer{FirmwareStatus::InvalidGuestState, {}};
  // Before anything is done for it, so that the guest may send the very same message again.
  if (throttle_ && throttle_->is_busy()) return FirmwareAnswer{FirmwareStatus::Busy, {}};
  return processor_->answer(page);
}

Result<std::optional<FirmwareAnswer>> Server::answer(const FirmwareRequest& request) {
  FirmwareAnswer made = TRY(perform(request));
  if (!launch::is_answered(request)) return std::optional<FirmwareAnswer>();
  return std::optional(std::move(made));
}

Result<void> Server::serve(os::BorrowedFd channel) {
  for (;;) {
    const auto request = launch::receive_firmware_request(channel);
    if (!request) {
      const bool over =
          request.error().code == ErrorCode::Unavailable && request.error().detail == 0;
      return over ? Result<void>() : request.error();
    }
    auto answer = TRY(this->answer(*request));
    if (!answer) continue;
    const auto sent = launch::send(channel, *answer);
    // It may have been the guest's keys.
    const crypto::SecretBytes used(std::move(answer->payload));
    TRY(sent);
  }
}

}  // namespace merlon::simulate
