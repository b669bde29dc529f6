#include "merlon/launch/dial_allowed.h"

#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/launch/stream.h"
#include "merlon/os/channel.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::size_t word_size = 8;

Result<DialAnswer> parse(core::ByteView bytes, std::vector<os::Fd> descriptors) {
  Reader in(bytes);
  DialAnswer answer;
  answer.id = TRY(in.u32());
  const std::uint8_t outcome = TRY(in.u8());
  const core::ByteView rest = TRY(in.bytes(3));
  const bool connected = outcome == static_cast<std::uint8_t>(DialOutcome::Connected);
  if (outcome > static_cast<std::uint8_t>(DialOutcome::Failed) ||
      descriptors.size() != (connected ? 1U : 0U) || rest[0] + rest[1] + rest[2] != 0) {
    return core::error(ErrorCode::Malformed, "the host answers with what is no connection");
  }
  answer.outcome = static_cast<DialOutcome>(outcome);
  if (connected) answer.connection = std::move(descriptors.front());
  return answer;
}

}  // namespace

Result<void> ask(os::BorrowedFd channel, DialQuestion question) {
  base::ByteWriter out;
  out.u32(question.id);
  out.u16(question.place);
  out.u16(0);
  return write_stream(channel, out.take());
}

Result<DialAnswer> receive_answer(os::BorrowedFd channel) {
  std::array<std::uint8_t, word_size> bytes{};
  auto delivery = os::receive_with_descriptors(channel, bytes);
  if (!delivery) return os::to_error(delivery.error(), "the host connects nobody any more");
  if (delivery->size == 0) {
    return core::error(ErrorCode::Unavailable, "the host connects nobody any more");
  }
  // Each is sent at once, so that none comes in pieces unless the host means it.
  if (delivery->size != word_size) return core::error(ErrorCode::Malformed, "half an answer");
  return parse(bytes, std::move(delivery->descriptors));
}

std::optional<DialQuestion> receive_question(os::BorrowedFd channel) {
  std::array<std::uint8_t, word_size> bytes{};
  if (!read_stream(channel, bytes, true)) return std::nullopt;
  Reader in{core::ByteView(bytes)};
  const auto id = in.u32();
  const auto place = in.u16();
  const auto zero = in.u16();
  if (!id || !place || !zero || *zero != 0) return std::nullopt;
  return DialQuestion{*id, *place};
}

Result<void> answer(os::BorrowedFd channel, std::uint32_t id, DialOutcome outcome,
                    std::optional<os::BorrowedFd> connection) {
  base::ByteWriter out;
  out.u32(id);
  out.u8(static_cast<std::uint8_t>(outcome));
  out.u8(0);
  out.u16(0);
  const std::span<const os::BorrowedFd> with =
      connection ? std::span<const os::BorrowedFd>(&*connection, 1)
                 : std::span<const os::BorrowedFd>();
  const auto sent = os::send_with_descriptors(channel, out.take(), with);
  if (!sent) return os::to_error(sent.error(), "cannot hand over a connection");
  return {};
}

}  // namespace merlon::launch
