#include "merlon/launch/firmware.h"

#include <array>
#include <functional>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/launch/stream.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t request_head_size = 24;
constexpr std::size_t answer_head_size = 8;

Result<std::vector<std::uint8_t>> receive_payload(os::BorrowedFd channel, std::size_t size) {
  if (size > max_firmware_payload) {
    return core::error(ErrorCode::Exhausted, "too much for one message", size);
  }
  std::vector<std::uint8_t> payload(size);
  TRY(read_stream(channel, payload, false));
  return payload;
}

bool is_known(FirmwareCommand command) noexcept {
  switch (command) {
    case FirmwareCommand::Start:
    case FirmwareCommand::Update:
    case FirmwareCommand::Finish:
    case FirmwareCommand::Guest:
    case FirmwareCommand::Certificates:
    case FirmwareCommand::UpdateFrom:
    case FirmwareCommand::Expect:
    case FirmwareCommand::EnclaveAdd:
    case FirmwareCommand::EnclaveAddFrom:
    case FirmwareCommand::EnclaveStart:
    case FirmwareCommand::EnclaveReport:
    case FirmwareCommand::EnclaveKey: return true;
  }
  return false;
}

bool is_known(FirmwareStatus status) noexcept {
  switch (status) {
    case FirmwareStatus::Success:
    case FirmwareStatus::InvalidPlatformState:
    case FirmwareStatus::InvalidGuestState:
    case FirmwareStatus::PolicyFailure:
    case FirmwareStatus::BadSignature:
    case FirmwareStatus::BadMeasurement:
    case FirmwareStatus::InvalidParameter:
    case FirmwareStatus::AeadOverflow:
    case FirmwareStatus::Busy: return true;
  }
  return false;
}

/// One of zero and one.
Result<bool> flag(core::Reader& reader) {
  const std::uint8_t byte = TRY(reader.u8());
  if (byte > 1) return core::error(ErrorCode::Malformed, "neither yes nor no", byte);
  return byte == 1;
}

}  // namespace

std::vector<std::uint8_t> PageSource::bytes() const {
  base::ByteWriter writer;
  writer.u64(offset);
  writer.u64(size);
  writer.u32(file);
  writer.u32(0);
  return writer.take();
}

Result<PageSource> PageSource::parse(core::ByteView bytes) {
  core::Reader reader(bytes);
  PageSource source;
  source.offset = TRY(reader.u64());
  source.size = TRY(reader.u64());
  source.file = TRY(reader.u32());
  const std::uint32_t reserved = TRY(reader.u32());
  if (reserved != 0 || !reader.at_end() || (source.file == zeros && source.offset != 0)) {
    return core::error(ErrorCode::Malformed, "no source of pages");
  }
  return source;
}

std::optional<PageSource> find_source(std::span<const core::ByteView> files,
                                      core::ByteView bytes) noexcept {
  if (bytes.empty()) return std::nullopt;
  for (std::uint32_t i = 0; i < files.size(); ++i) {
    const core::ByteView file = files[i];
    const bool inside = !std::less<>()(bytes.data(), file.data()) &&
                        !std::less<>()(file.data() + file.size(), bytes.data() + bytes.size());
    if (!inside) continue;
    return PageSource{static_cast<std::uint64_t>(bytes.data() - file.data()), bytes.size(), i};
  }
  return std::nullopt;
}

std::vector<std::uint8_t> FinishedLaunch::bytes() const {
  base::ByteWriter writer;
  writer.bytes(host_data);
  writer.u8(id_block.empty() ? 0 : 1);
  writer.u8(has_author_key ? 1 : 0);
  for (int i = 0; i < 6; ++i) writer.u8(0);
  writer.bytes(id_block);
  writer.bytes(id_auth);
  return writer.take();
}

Result<FinishedLaunch> FinishedLaunch::parse(core::ByteView bytes) {
  core::Reader reader(bytes);
  FinishedLaunch finished;
  const auto copy = [](core::ByteView view) {
    return std::vector<std::uint8_t>(view.begin(), view.end());
  };
  finished.host_data = copy(TRY(reader.bytes(host_data_size)));
  const bool has_id_block = TRY(flag(reader));
  finished.has_author_key = TRY(flag(reader));
  for (int i = 0; i < 6; ++i) {
    if (TRY(reader.u8()) != 0) return core::error(ErrorCode::Malformed, "reserved bytes");
  }
  if (has_id_block) {
    finished.id_block = copy(TRY(reader.bytes(id_block_size)));
    finished.id_auth = copy(TRY(reader.bytes(id_auth_size)));
  } else if (finished.has_author_key) {
    return core::error(ErrorCode::Malformed, "an author's key without an ID block");
  }
  if (!reader.at_end()) {
    return core::error(ErrorCode::Malformed, "bytes behind the end", reader.offset());
  }
  return finished;
}

bool is_answered(const FirmwareRequest& request) noexcept {
  constexpr std::uint32_t secrets = 5;  // PAGE_TYPE; snp/page_info.h
  constexpr std::uint32_t cpuid = 6;
  switch (request.command) {
    case FirmwareCommand::Update: return request.kind == secrets || request.kind == cpuid;
    case FirmwareCommand::UpdateFrom:
    case FirmwareCommand::Expect:
    case FirmwareCommand::EnclaveAdd:
    case FirmwareCommand::EnclaveAddFrom: return false;
    case FirmwareCommand::Start:
    case FirmwareCommand::Finish:
    case FirmwareCommand::Guest:
    case FirmwareCommand::Certificates:
    case FirmwareCommand::EnclaveStart:
    case FirmwareCommand::EnclaveReport:
    case FirmwareCommand::EnclaveKey: return true;
  }
  return true;
}

Result<void> send(os::BorrowedFd channel, const FirmwareRequest& request) {
  return send(channel, request, request.payload);
}

Result<void> send(os::BorrowedFd channel, const FirmwareRequest& head, core::ByteView payload) {
  if (payload.size() > max_firmware_payload) {
    return core::error(ErrorCode::Exhausted, "too much for one message", payload.size());
  }
  base::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(head.command));
  writer.u32(head.kind);
  writer.u64(head.value);
  writer.u32(static_cast<std::uint32_t>(payload.size()));
  writer.u32(0);
  TRY(write_stream(channel, writer.take()));
  return payload.empty() ? Result<void>() : write_stream(channel, payload);
}

Result<void> send(os::BorrowedFd channel, const FirmwareAnswer& answer) {
  if (answer.payload.size() > max_firmware_payload) {
    return core::error(ErrorCode::Exhausted, "too much for one message", answer.payload.size());
  }
  base::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(answer.status));
  writer.u32(static_cast<std::uint32_t>(answer.payload.size()));
  TRY(write_stream(channel, writer.take()));
  // Not copied behind the head: it may be a guest's keys, which the caller wipes.
  return answer.payload.empty() ? Result<void>() : write_stream(channel, answer.payload);
}

Result<FirmwareRequest> receive_firmware_request(os::BorrowedFd channel) {
  std::array<std::uint8_t, request_head_size> head{};
  TRY(read_stream(channel, head, true));
  core::Reader reader(head);
  FirmwareRequest request;
  request.command = static_cast<FirmwareCommand>(TRY(reader.u32()));
  request.kind = TRY(reader.u32());
  request.value = TRY(reader.u64());
  const std::uint32_t size = TRY(reader.u32());
  if (!is_known(request.command) || TRY(reader.u32()) != 0) {
    return core::error(ErrorCode::Malformed, "no command of a security processor");
  }
  request.payload = TRY(receive_payload(channel, size));
  return request;
}

Result<FirmwareAnswer> receive_firmware_answer(os::BorrowedFd channel) {
  std::array<std::uint8_t, answer_head_size> head{};
  TRY(read_stream(channel, head, true));
  core::Reader reader(head);
  FirmwareAnswer answer;
  answer.status = static_cast<FirmwareStatus>(TRY(reader.u32()));
  const std::uint32_t size = TRY(reader.u32());
  if (!is_known(answer.status)) {
    return core::error(ErrorCode::Malformed, "no answer of a security processor");
  }
  answer.payload = TRY(receive_payload(channel, size));
  return answer;
}

}  // namespace merlon::launch
