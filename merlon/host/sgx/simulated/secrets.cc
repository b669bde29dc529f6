#include "merlon/host/sgx/simulated/secrets.h"

#include <algorithm>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::host::sgx::simulated {

using base::concat;
using core::ErrorCode;
using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareStatus;

namespace {

constexpr std::size_t page_size = launch::firmware_page_size;

std::uint64_t whole_pages(std::uint64_t size) noexcept {
  return (size + page_size - 1) / page_size * page_size;
}

std::string_view why_not(FirmwareStatus status) noexcept {
  switch (status) {
    case FirmwareStatus::BadMeasurement:
      return "the signatures are of another keep: merlon keep measure --backend sgx tells this "
             "one's";
    case FirmwareStatus::BadSignature: return "the signatures do not hold";
    case FirmwareStatus::PolicyFailure: return "the signatures are of other attributes";
    case FirmwareStatus::Success:
    case FirmwareStatus::InvalidPlatformState:
    case FirmwareStatus::InvalidGuestState:
    case FirmwareStatus::InvalidParameter:
    case FirmwareStatus::AeadOverflow:
    case FirmwareStatus::Busy: break;
  }
  return "the simulated processor refuses the enclave";
}

template <std::size_t size>
std::optional<std::array<std::uint8_t, size>> exactly(const core::Result<FirmwareAnswer>& answer) {
  if (!answer || answer->status != FirmwareStatus::Success || answer->payload.size() != size) {
    return std::nullopt;
  }
  std::array<std::uint8_t, size> bytes{};
  std::ranges::copy(answer->payload, bytes.begin());
  return bytes;
}

}  // namespace

Secrets::Secrets(os::Fd channel, std::span<const Source> sources) : channel_(std::move(channel)) {
  for (const Source& source : sources) sources_.push_back(source.bytes);
}

namespace {

/// Our end of a channel to merlon-simulator, in that role.
core::Result<os::Fd, HostError> start_simulator(const std::string& platform, std::string_view role,
                                                std::span<const Secrets::Source> sources) {
  const auto own = os::own_program();
  auto channel = os::open_channel();
  if (!own || !channel) {
    return HostError{ErrorCode::Internal, "cannot open a channel to merlon-simulator"};
  }
  const std::string path = concat(own->substr(0, own->rfind('/')), "/merlon-simulator");
  const std::array<std::string, 7> arguments{"merlon-simulator",
                                             "--platform",
                                             platform,
                                             "--for",
                                             std::string(role),
                                             "--sources",
                                             std::to_string(sources.size())};
  std::vector<os::BorrowedFd> files{channel->there};
  for (const Secrets::Source& source : sources) files.push_back(source.file);
  const auto process = os::ChildProcess::spawn(path, arguments, files);
  if (!process) {
    return HostError{ErrorCode::NotFound,
                     concat("cannot start ", path, ": ", os::describe(process.error()))};
  }
  return std::move(channel->here);
}

}  // namespace

core::Result<aesm::QuoteService, HostError> start_quoting(const std::string& platform) {
  return aesm::QuoteService::over(TRY(start_simulator(platform, "aesmd", {})), "merlon-simulator");
}

core::Result<Secrets, HostError> Secrets::start(const std::string& platform,
                                                std::span<const Source> sources) {
  return Secrets(TRY(start_simulator(platform, "enclave", sources)), sources);
}

core::Result<void> Secrets::add(std::uint32_t flags, std::uint64_t offset, core::ByteView bytes,
                                std::uint64_t size) {
  const auto add_from = [&](const launch::PageSource& source) {
    const auto sent = launch::send(channel_, {FirmwareCommand::EnclaveAddFrom, flags, offset, {}},
                                   source.bytes());
    offset += whole_pages(source.size);
    size -= whole_pages(source.size);
    return sent;
  };
  if (const auto source = launch::find_source(sources_, bytes)) {
    TRY(add_from(*source));
    bytes = {};
  }
  while (!bytes.empty()) {
    const core::ByteView part = bytes.first(std::min(bytes.size(), launch::max_firmware_payload));
    std::vector<std::uint8_t> pages(part.begin(), part.end());
    pages.resize(whole_pages(part.size()));
    TRY(launch::send(channel_, {FirmwareCommand::EnclaveAdd, flags, offset, {}}, pages));
    offset += pages.size();
    size -= pages.size();
    bytes = bytes.subspan(part.size());
  }
  if (size == 0) return {};
  return add_from({0, size, launch::PageSource::zeros});
}

core::Result<FirmwareAnswer> Secrets::ask(FirmwareCommand command, core::ByteView payload) {
  TRY(launch::send(channel_, {command, 0, 0, {}}, payload));
  return launch::receive_firmware_answer(channel_);
}

core::Result<void, HostError> Secrets::start_enclave(core::ByteView sigstruct) {
  const auto answer = ask(FirmwareCommand::EnclaveStart, sigstruct);
  // What it said before it ended, if there was nothing to simulate.
  const auto heard = answer ? answer : launch::receive_firmware_answer(channel_);
  if (!heard) return HostError{ErrorCode::Unavailable, "merlon-simulator does not answer"};
  if (heard->status == FirmwareStatus::Success) return {};
  if (heard->status == FirmwareStatus::InvalidPlatformState) {
    return HostError{ErrorCode::Unavailable, base::printable(core::as_text(heard->payload))};
  }
  return HostError{ErrorCode::Denied, std::string(why_not(heard->status))};
}

std::optional<std::array<std::uint8_t, Secrets::report_size>> Secrets::report(core::ByteView target,
                                                                              core::ByteView data) {
  std::vector<std::uint8_t> payload(target.begin(), target.end());
  payload.insert(payload.end(), data.begin(), data.end());
  return exactly<report_size>(ask(FirmwareCommand::EnclaveReport, payload));
}

core::Result<std::array<std::uint8_t, Secrets::key_size>, Secrets::NoKey> Secrets::key(
    core::ByteView request) {
  const auto answer = ask(FirmwareCommand::EnclaveKey, request);
  if (const auto key = exactly<key_size>(answer)) return *key;
  const bool told = answer && answer->status == FirmwareStatus::PolicyFailure;
  if (!told || answer->payload.size() != sizeof(std::uint16_t)) return NoKey{};
  return NoKey{static_cast<std::uint16_t>(answer->payload[0] | answer->payload[1] << 8U)};
}

}  // namespace merlon::host::sgx::simulated
