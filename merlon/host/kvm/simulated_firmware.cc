#include "merlon/host/kvm/simulated_firmware.h"

#include <algorithm>
#include <cerrno>
#include <utility>

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

constexpr std::size_t page_size = launch::firmware_page_size;

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

/// Of a launch that was refused.
const char* what_of(FirmwareStatus status) noexcept {
  switch (status) {
    case FirmwareStatus::BadMeasurement:
      return "the signatures are of another keep: merlon sign --world signs the one of this "
             "machine's world, which merlon platform info tells";
    case FirmwareStatus::BadSignature: return "the signatures do not hold";
    case FirmwareStatus::PolicyFailure:
      return "the simulated processor cannot keep the policy that was signed";
    case FirmwareStatus::Success:
    case FirmwareStatus::InvalidPlatformState:
    case FirmwareStatus::InvalidGuestState:
    case FirmwareStatus::InvalidParameter:
    case FirmwareStatus::AeadOverflow:
    case FirmwareStatus::Busy: break;
  }
  return "the simulated processor refuses the launch";
}

/// Whether it can be one for people, in a line.
bool is_reason(std::string_view text) {
  constexpr std::size_t longest = 4096;
  return !text.empty() && text.size() <= longest && base::printable(text, text.size()) == text;
}

}  // namespace

SimulatedFirmware::SimulatedFirmware(os::Fd channel, std::span<const Source> sources,
                                     std::optional<LaunchSignature> signature)
    : channel_(std::move(channel)), signature_(std::move(signature)) {
  for (const Source& source : sources) sources_.push_back(source.bytes);
}

core::Result<SimulatedFirmware, HostError> SimulatedFirmware::start(
    const std::string& platform, std::span<const Source> sources,
    std::optional<LaunchSignature> signature) {
  const auto own = os::own_program();
  auto channel = os::open_channel();
  if (!own || !channel) {
    return HostError{ErrorCode::Internal, "cannot open a channel to merlon-simulator"};
  }
  const std::string path = concat(own->substr(0, own->rfind('/')), "/merlon-simulator");
  const std::array<std::string, 5> arguments{"merlon-simulator", "--platform", platform,
                                             "--sources", std::to_string(sources.size())};
  std::vector<os::BorrowedFd> files{channel->there};
  for (const Source& source : sources) files.push_back(source.file);
  const auto process = os::ChildProcess::spawn(path, arguments, files);
  if (!process) {
    return HostError{ErrorCode::NotFound,
                     concat("cannot start ", path, ": ", os::describe(process.error()))};
  }
  return SimulatedFirmware(std::move(channel->here), sources, std::move(signature));
}

core::Result<FirmwareAnswer> SimulatedFirmware::hear() {
  FirmwareAnswer answer = TRY(launch::receive_firmware_answer(channel_));
  const std::string_view text = core::as_text(answer.payload);
  if (answer.status == FirmwareStatus::InvalidPlatformState && !refusal_ && is_reason(text)) {
    refusal_ = HostError{ErrorCode::Unavailable, std::string(text)};
  }
  return answer;
}

core::Result<FirmwareAnswer> SimulatedFirmware::ask(const FirmwareRequest& request,
                                                    core::ByteView payload) {
  const auto sent = launch::send(channel_, request, payload);
  if (sent && !launch::is_answered(request)) return FirmwareAnswer{FirmwareStatus::Success, {}};
  if (!std::exchange(is_begun_, true)) {
    // Also where nobody listens any more: it is the reason.
    FirmwareAnswer begun = TRY(hear());
    if (begun.status != FirmwareStatus::Success) return begun;
  }
  TRY(sent);
  return hear();
}

core::Result<Bytes> SimulatedFirmware::step(const FirmwareRequest& request,
                                            core::ByteView payload) {
  FirmwareAnswer answer = TRY(ask(request, payload));
  if (answer.status == FirmwareStatus::Success) return std::move(answer.payload);
  return core::error(ErrorCode::Denied, what_of(answer.status),
                     static_cast<std::uint32_t>(answer.status));
}

void SimulatedFirmware::begin() {
  const std::uint64_t policy = signature_ ? signature_->policy : keep_policy;
  // Who refused may have gone already: the first step hears it.
  static_cast<void>(launch::send(channel_, {FirmwareCommand::Start, 0, policy, {}}));
}

std::optional<launch::PageSource> SimulatedFirmware::source_of(
    image::PageKind kind, core::ByteView bytes) const noexcept {
  if (kind == image::PageKind::Zero) {
    return launch::PageSource{0, bytes.size(), launch::PageSource::zeros};
  }
  return kind == image::PageKind::Normal ? launch::find_source(sources_, bytes) : std::nullopt;
}

core::Result<Bytes> SimulatedFirmware::update(image::PageKind kind, std::uint64_t address,
                                              core::ByteView bytes) {
  if (const auto source = source_of(kind, bytes)) {
    return step({FirmwareCommand::UpdateFrom, page_type(kind), address, {}}, source->bytes());
  }
  Bytes filled;
  while (!bytes.empty()) {
    core::ByteView part = bytes.first(std::min(bytes.size(), launch::max_firmware_payload));
    // Whole pages as they lie; what is behind them becomes one.
    std::array<std::uint8_t, page_size> last{};
    if (part.size() >= page_size) {
      part = part.first(part.size() - part.size() % page_size);
    } else {
      std::ranges::copy(part, last.begin());
    }
    const bool whole = part.size() >= page_size;
    filled = TRY(step({FirmwareCommand::Update, page_type(kind), address, {}},
                      whole ? part : core::ByteView(last)));
    address += part.size();
    bytes = bytes.subspan(part.size());
  }
  return filled;
}

core::Result<void> SimulatedFirmware::finish(sallyport::World world) {
  launch::FinishedLaunch finished;
  if (world == sallyport::World::Collapsed) {
    const core::ByteView text = core::as_bytes("SIMULATOR: world collapsed");
    finished.host_data.assign(text.begin(), text.end());
  }
  finished.host_data.resize(launch::FinishedLaunch::host_data_size, 0);
  if (signature_) {
    finished.id_block = signature_->id_block;
    finished.id_auth = signature_->id_auth;
    finished.has_author_key = signature_->has_author_key;
  }
  TRY(step({FirmwareCommand::Finish, 0, 0, {}}, finished.bytes()));
  return {};
}

void SimulatedFirmware::expect_messages() {
  static_cast<void>(launch::send(channel_, {FirmwareCommand::Expect, 0, 0, {}}));
}

core::Result<FirmwareAnswer> SimulatedFirmware::carry(core::ByteView message) {
  if (message.size() > page_size) {
    return FirmwareAnswer{FirmwareStatus::InvalidParameter, {}};
  }
  std::array<std::uint8_t, page_size> page{};
  std::ranges::copy(message, page.begin());
  return ask({FirmwareCommand::Guest, 0, 0, {}}, page);
}

sallyport::Outcome SimulatedFirmware::attest(const sallyport::Request& request) {
  const bool is_message =
      request.arguments[0] == static_cast<std::uint64_t>(core::AttestKind::GuestMessage);
  Bytes message(is_message ? request.sent.size() : 0);
  request.sent.copy_in(message);
  const auto answer =
      is_message ? carry(message) : ask({FirmwareCommand::Certificates, 0, 0, {}}, {});
  if (!answer) return {-EIO, 0};
  if (answer->status == FirmwareStatus::Busy) return {-EAGAIN, 0};
  if (answer->status != FirmwareStatus::Success) return {-EIO, 0};
  if (answer->payload.size() > request.room.size()) return {-ENOSPC, 0};
  request.room.copy_out(answer->payload);
  const std::size_t size = answer->payload.size();
  return {static_cast<std::int64_t>(size), size};
}

}  // namespace merlon::host::kvm
