// Takes the place of merlon-simulator for tests/attest/hostile_guest.cc: launches any guest, and
// does with its messages what it likes, a seed a case. How many cases there are stands in a file
// `cases` beside this program.
//
// A request for certificates begins the next case. Its answer: how many cases there are to be, and
// how many messages were sealed with a number that another had had, both as u64.

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>

#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"
#include "merlon/identity/testing/security_processor.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/firmware.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/simulate/launch_context.h"
#include "merlon/snp/guest_message.h"

namespace {

using namespace merlon;
using identity::testing::Host;
using identity::testing::Hostile;
using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareRequest;
using launch::FirmwareStatus;

class Simulator {
 public:
  explicit Simulator(std::uint64_t cases) : cases_(cases) {}

  FirmwareAnswer answer(FirmwareRequest request) {
    switch (request.command) {
      case FirmwareCommand::Start: return {context_.start(request.value), {}};
      case FirmwareCommand::Update: return update(std::move(request));
      case FirmwareCommand::Finish: return {context_.finish(request.payload), {}};
      case FirmwareCommand::Guest: return carry(request.payload);
      case FirmwareCommand::Certificates: return next_case();
      case FirmwareCommand::UpdateFrom:
      case FirmwareCommand::Expect:
      case FirmwareCommand::EnclaveAdd:
      case FirmwareCommand::EnclaveAddFrom:
      case FirmwareCommand::EnclaveStart:
      case FirmwareCommand::EnclaveReport:
      case FirmwareCommand::EnclaveKey: break;
    }
    return {FirmwareStatus::Success, {}};
  }

 private:
  FirmwareAnswer update(FirmwareRequest request) {
    FirmwareAnswer made = context_.update(request.kind, request.value, std::move(request.payload));
    constexpr std::uint32_t secrets = 5;
    constexpr std::size_t first_key = 0x20;
    if (request.kind == secrets && made.payload.size() > first_key + crypto::AesGcmKey::size) {
      const auto at = made.payload.begin() + first_key;
      key_.assign(at, at + crypto::AesGcmKey::size);
    }
    return made;
  }

  FirmwareAnswer next_case() {
    if (host_) repeated_ += host_->repeated_nonces();
    hostile_ = std::make_unique<Hostile>(seed_++);
    host_.emplace(std::ref(*hostile_), crypto::AesGcmKey(key_));
    base::ByteWriter writer;
    writer.u64(cases_);
    writer.u64(repeated_);
    return {FirmwareStatus::Success, writer.take()};
  }

  /// As the host in between: what it has no answer for is an error of its own.
  FirmwareAnswer carry(core::ByteView page) {
    if (!host_) return {FirmwareStatus::InvalidGuestState, {}};
    // Without the zeros behind it, which would take most of the damage.
    constexpr std::size_t message_size = snp::message_header_size + snp::ReportRequest::size;
    auto answered = host_->carry(page.first(std::min(page.size(), message_size)));
    if (answered) return {FirmwareStatus::Success, *std::move(answered)};
    return {answered.error().code == core::ErrorCode::Unavailable
                ? FirmwareStatus::Busy
                : FirmwareStatus::InvalidParameter,
            {}};
  }

  std::uint64_t cases_;
  std::uint64_t seed_ = 0;
  std::uint64_t repeated_ = 0;
  std::vector<std::uint8_t> key_;
  simulate::LaunchContext context_ = simulate::LaunchContext::create().value();
  std::unique_ptr<Hostile> hostile_;
  std::optional<Host> host_;
};

std::uint64_t number_beside() {
  const auto own = os::own_program();
  if (!own) return 0;
  const auto file = os::open_file(own->substr(0, own->rfind('/')) + "/cases");
  const auto text =
      file ? os::read_all(*file, 32) : os::Result<std::vector<std::uint8_t>>(file.error());
  return text ? std::strtoull(std::string(core::as_text(*text)).c_str(), nullptr, 10) : 0;
}

}  // namespace

int main() {
  const os::BorrowedFd channel(launch::keep_descriptor);
  os::ignore_broken_pipes();
  Simulator simulator(number_beside());
  for (;;) {
    auto request = launch::receive_firmware_request(channel);
    if (!request) return 0;
    const bool answered = launch::is_answered(*request);
    const FirmwareAnswer answer = simulator.answer(*std::move(request));
    if (answered && !launch::send(channel, answer)) return 0;
  }
}
