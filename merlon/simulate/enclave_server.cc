#include "merlon/simulate/enclave_server.h"

#include "merlon/base/byte_writer.h"

namespace merlon::simulate {

using core::ErrorCode;
using launch::FirmwareAnswer;
using launch::FirmwareCommand;
using launch::FirmwareRequest;
using launch::FirmwareStatus;

namespace {

FirmwareAnswer status(FirmwareStatus status) { return {status, {}}; }

template <typename Bytes>
FirmwareAnswer with(const Bytes& bytes) {
  return {FirmwareStatus::Success, {bytes.begin(), bytes.end()}};
}

}  // namespace

FirmwareAnswer EnclaveServer::perform(FirmwareRequest request) {
  switch (request.command) {
    case FirmwareCommand::EnclaveAdd:
      return status(launch_.add(request.kind, request.value, std::move(request.payload)));
    case FirmwareCommand::EnclaveAddFrom: {
      auto parsed = launch::PageSource::parse(request.payload);
      // What is malformed has a size of 0 here, and the launch fails.
      const launch::PageSource source = std::move(parsed).value_or(launch::PageSource{});
      return status(launch_.add_from(request.kind, request.value, source));
    }
    case FirmwareCommand::EnclaveStart: return status(launch_.start(request.payload));
    case FirmwareCommand::EnclaveReport: return report(request.payload);
    case FirmwareCommand::EnclaveKey: return key(request.payload);
    case FirmwareCommand::Start:
    case FirmwareCommand::Update:
    case FirmwareCommand::Finish:
    case FirmwareCommand::Guest:
    case FirmwareCommand::Certificates:
    case FirmwareCommand::UpdateFrom:
    case FirmwareCommand::Expect: break;
  }
  return status(FirmwareStatus::InvalidParameter);
}

FirmwareAnswer EnclaveServer::report(core::ByteView payload) {
  const auto identity = launch_.identity();
  if (!identity) return status(FirmwareStatus::InvalidGuestState);
  if (payload.size() != sgx::TargetInfo::size + sgx::ReportData::size) {
    return status(FirmwareStatus::InvalidParameter);
  }
  const auto target = sgx::TargetInfo::parse(payload.first(sgx::TargetInfo::size));
  const auto data = sgx::ReportData::from(payload.subspan(sgx::TargetInfo::size));
  if (!target || !data) return status(FirmwareStatus::InvalidParameter);
  return with(processor_.ereport(**identity, *target, *data).to_bytes());
}

FirmwareAnswer EnclaveServer::key(core::ByteView payload) {
  const auto identity = launch_.identity();
  if (!identity) return status(FirmwareStatus::InvalidGuestState);
  const auto request = sgx::KeyRequest::parse(payload);
  if (!request) return status(FirmwareStatus::InvalidParameter);
  const auto key = processor_.egetkey(**identity, *request);
  if (key) return with(key->reveal());
  if (key.error() == KeyError::Fault) return status(FirmwareStatus::InvalidParameter);
  base::ByteWriter code;
  code.u16(static_cast<std::uint16_t>(key.error()));
  return {FirmwareStatus::PolicyFailure, code.take()};
}

std::optional<FirmwareAnswer> EnclaveServer::answer(FirmwareRequest request) {
  const bool answered = launch::is_answered(request);
  FirmwareAnswer made = perform(std::move(request));
  if (!answered) return std::nullopt;
  return made;
}

core::Result<void> EnclaveServer::serve(os::BorrowedFd channel) {
  for (;;) {
    auto request = launch::receive_firmware_request(channel);
    if (!request) {
      const bool over =
          request.error().code == ErrorCode::Unavailable && request.error().detail == 0;
      return over ? core::Result<void>() : request.error();
    }
    auto answer = this->answer(*std::move(request));
    if (!answer) continue;
    const auto sent = launch::send(channel, *answer);
    // It may have been the enclave's key.
    const crypto::SecretBytes used(std::move(answer->payload));
    TRY(sent);
  }
}

}  // namespace merlon::simulate
