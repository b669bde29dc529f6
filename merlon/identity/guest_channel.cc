#include "merlon/identity/guest_channel.h"

#include <limits>

namespace merlon::identity {

using core::ErrorCode;
using core::Result;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// The answer to a request is the type behind it.
bool answers(snp::MessageType answer, snp::MessageType request) noexcept {
  return static_cast<unsigned>(answer) == static_cast<unsigned>(request) + 1;
}

}  // namespace

core::Error GuestChannel::end() noexcept {
  key_.wipe();
  pending_.reset();
  return core::error(ErrorCode::Denied, "the channel to the security processor has ended");
}

Result<Bytes> GuestChannel::ask(snp::MessageType type, Bytes payload) {
  if (has_ended() || payload.size() > snp::max_message_payload) return end();
  // What the host had no time for is first: its number was used.
  if (pending_) static_cast<void>(TRY(finish()));
  if (next_ > std::numeric_limits<std::uint64_t>::max() - 2) return end();
  snp::GuestMessage message{type, next_, vmpck_, std::move(payload)};
  next_ += 2;
  Bytes sealed = snp::seal(key_, message);
  pending_ = Pending{std::move(message), std::move(sealed)};
  return finish();
}

/// Always with the same bytes as before.
Result<Bytes> GuestChannel::finish() {
  const auto answer = carry_patiently();
  if (!answer) return answer.error().code == ErrorCode::Unavailable ? answer.error() : end();
  auto payload = judge(*answer);
  if (!payload) return end();
  pending_.reset();
  return payload;
}

Result<Bytes> GuestChannel::carry_patiently() {
  for (unsigned tries = 0;; ++tries) {
    auto answer = carrier_->carry(pending_->sealed);
    if (answer || answer.error().code != ErrorCode::Unavailable) return answer;
    if (!carrier_->pause(tries)) return answer;
  }
}

Result<Bytes> GuestChannel::judge(core::ByteView answer) const {
  snp::GuestMessage opened = TRY(snp::open(key_, answer));
  if (opened.sequence != pending_->message.sequence + 1 || opened.vmpck != vmpck_ ||
      !answers(opened.type, pending_->message.type)) {
    return core::error(ErrorCode::Denied, "the answer to another request");
  }
  return std::move(opened.payload);
}

}  // namespace merlon::identity
