#include "merlon/host/kvm/simulated_firmware.h"

#include <algorithm>
#include <cerrno>

#include "merlon/base/text.h"
#include "merlon/core/attest_call.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::host::kvm {

using base::concat;
using core::ErrorCode;
using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareRequest;
using launch::FirmwareStatus;
using Bytes = std::vector<std::uint8_t>;

namespace {

/// POLICY [SNP-ABI 1.58 §4.3]: reserved bit 17, SMT allowed, ABI 1.51 at least; no debugging, no
/// migration. As Enarx.
constexpr std::uint64_t keep_policy = 0x3'0133;

/// PAGE_TYPE of SNP_LAUNCH_UPDATE.
std::uint32_t page_type(image::PageKind kind) noexcept {
  switch (kind) {
    case image::PageKind::Normal: return 1;
    case image::PageKind::Vmsa: return 2;
    case image::PageKind::Zero: return 3;
    case image::PageKind::Secrets: return 5;
    case image::PageKind::Cpuid: return 6;
  }
  return 0;
}

}  // namespace

core::Result<SimulatedFirmware, HostError> SimulatedFirmware::start(const std::string& platform) {
  const auto own = os::own_program();
  auto channel = os::open_channel();
  if (!own || !channel) {
    return HostError{ErrorCode::Internal, "cannot open a channel to merlon-simulator"};
  }
  const std::string path = concat(own->substr(0, own->rfind('/')), "/merlon-simulator");
  const std::array<std::string, 3> arguments{"merlon-simulator", "--platform", platform};
  const auto process = os::ChildProcess::spawn(path, arguments, channel->there);
  if (!process) {
    return HostError{ErrorCode::NotFound,
                     concat("cannot start ", path, ": ", os::describe(process.error()))};
  }
  return SimulatedFirmware(std::move(channel->here));
}

core::Result<FirmwareAnswer> SimulatedFirmware::ask(const FirmwareRequest& request) {
  TRY(launch::send(channel_, request));
  if (!launch::is_answered(request)) return FirmwareAnswer{FirmwareStatus::Success, {}};
  return launch::receive_firmware_answer(channel_);
}

core::Result<Bytes> SimulatedFirmware::step(const FirmwareRequest& request) {
  FirmwareAnswer answer = TRY(ask(request));
  if (answer.status == FirmwareStatus::Success) return std::move(answer.payload);
  return core::error(ErrorCode::Denied, "the simulated processor refuses the launch",
                     static_cast<std::uint32_t>(answer.status));
}

core::Result<void> SimulatedFirmware::begin() {
  TRY(step({FirmwareCommand::Start, 0, keep_policy, {}}));
  return {};
}

core::Result<Bytes> SimulatedFirmware::update(image::PageKind kind, std::uint64_t address,
                                              core::ByteView bytes) {
  Bytes filled;
  while (!bytes.empty()) {
    const core::ByteView part = bytes.first(std::min(bytes.size(), launch::max_firmware_payload));
    FirmwareRequest request{FirmwareCommand::Update, page_type(kind), address,
                            Bytes(part.begin(), part.end())};
    constexpr std::size_t page = launch::firmware_page_size;
    request.payload.resize((part.size() + page - 1) / page * page, 0);
    filled = TRY(step(request));
    address += part.size();
    bytes = bytes.subspan(part.size());
  }
  return filled;
}

core::Result<void> SimulatedFirmware::finish() {
  launch::FinishedLaunch finished;
  finished.host_data.assign(launch::FinishedLaunch::host_data_size, 0);
  TRY(step({FirmwareCommand::Finish, 0, 0, finished.bytes()}));
  return {};
}

core::Result<FirmwareAnswer> SimulatedFirmware::carry(core::ByteView message) {
  if (message.size() > launch::firmware_page_size) {
    return FirmwareAnswer{FirmwareStatus::InvalidParameter, {}};
  }
  FirmwareRequest request{FirmwareCommand::Guest, 0, 0, Bytes(message.begin(), message.end())};
  request.payload.resize(launch::firmware_page_size, 0);
  return ask(request);
}

sallyport::Outcome SimulatedFirmware::attest(const sallyport::Request& request) {
  const bool is_message =
      request.arguments[0] == static_cast<std::uint64_t>(core::AttestKind::GuestMessage);
  const auto answer =
      is_message ? carry(request.sent) : ask({FirmwareCommand::Certificates, 0, 0, {}});
  if (!answer) return {-EIO, 0};
  if (answer->status == FirmwareStatus::Busy) return {-EAGAIN, 0};
  if (answer->status != FirmwareStatus::Success) return {-EIO, 0};
  if (answer->payload.size() > request.room.size()) return {-ENOSPC, 0};
  std::ranges::copy(answer->payload, request.room.begin());
  const auto size = static_cast<std::uint32_t>(answer->payload.size());
  return {size, size};
}

}  // namespace merlon::host::kvm
