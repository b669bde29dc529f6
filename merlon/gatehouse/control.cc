#include "merlon/gatehouse/control.h"

#include <algorithm>
#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/delivery/sealed.h"
#include "merlon/launch/stream.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::gatehouse {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t head_size = 1 + 8 + 4;
constexpr std::size_t reply_size = 1 + 8;

/// All of it, as long as something is taken in each such time.
Result<void> say(os::BorrowedFd to, core::ByteView bytes, std::chrono::microseconds patience) {
  while (!bytes.empty()) {
    // SAFETY: sending only reads.
    const std::array<::iovec, 1> from{{{const_cast<std::uint8_t*>(bytes.data()), bytes.size()}}};
    const auto sent = os::send(to, from);
    if (sent) {
      bytes = bytes.subspan(*sent);
      continue;
    }
    if (sent.error() != os::Errno::Again && sent.error() != os::Errno::Intr) {
      return os::to_error(sent.error(), "cannot speak to the keep's warden");
    }
    std::array<os::PollItem, 1> items{{{to.number(), POLLOUT, 0}}};
    const auto ready = os::poll(items, patience);
    if (ready && *ready == 0) {
      return core::error(ErrorCode::Unavailable, "the keep's warden does not take what it is told");
    }
  }
  return {};
}

}  // namespace

Result<Reply> ask(const std::string& path, const Command& command,
                  std::chrono::microseconds patience) {
  const auto connection = os::connect_local(path, patience);
  if (!connection) return core::error(ErrorCode::Unavailable, "the keep has no warden");
  const bool delivers = command.verb == Verb::Deliver;
  const auto longest = patience + (delivers ? hand_over_limit : std::chrono::microseconds(0));
  if (const auto set = os::limit_waiting(*connection, longest); !set) {
    return os::to_error(set.error(), "cannot ask the keep's warden");
  }
  base::ByteWriter head;
  head.u8(static_cast<std::uint8_t>(command.verb));
  head.u64(command.position);
  head.u32(static_cast<std::uint32_t>(command.bytes.size()));
  TRY(say(*connection, head.take(), patience));
  TRY(say(*connection, command.bytes, patience));
  return receive_reply(*connection);
}

Result<Reply> receive_reply(os::BorrowedFd connection) {
  std::array<std::uint8_t, reply_size> bytes{};
  TRY(launch::read_stream(connection, bytes, true));
  core::Reader in(bytes);
  const std::uint8_t outcome = TRY(in.u8());
  if (outcome > static_cast<std::uint8_t>(Outcome::NoRoom)) {
    return core::error(ErrorCode::Malformed, "an answer that there is not", outcome);
  }
  return Reply{static_cast<Outcome>(outcome), TRY(in.u64())};
}

Result<Command> receive_command(os::BorrowedFd connection) {
  std::array<std::uint8_t, head_size> head{};
  TRY(launch::read_stream(connection, head, true));
  core::Reader in(head);
  Command command;
  const std::uint8_t verb = TRY(in.u8());
  if (verb < static_cast<std::uint8_t>(Verb::Deliver) ||
      verb > static_cast<std::uint8_t>(Verb::Stop)) {
    return core::error(ErrorCode::Malformed, "a request that there is not", verb);
  }
  command.verb = static_cast<Verb>(verb);
  command.position = TRY(in.u64());
  const std::uint32_t size = TRY(in.u32());
  if (size > delivery::max_size) {
    return core::error(ErrorCode::Exhausted, "a request is too large", size);
  }
  constexpr std::size_t step = std::size_t{1} << 20U;
  while (command.bytes.size() < size) {
    const std::size_t at = command.bytes.size();
    command.bytes.resize(std::min<std::size_t>(size, at + step));
    TRY(launch::read_stream(connection, core::ByteSpan(command.bytes).subspan(at), false));
  }
  return command;
}

Result<void> send_reply(os::BorrowedFd connection, Reply reply) {
  base::ByteWriter out;
  out.u8(static_cast<std::uint8_t>(reply.outcome));
  out.u64(reply.position);
  return launch::write_stream(connection, out.take());
}

}  // namespace merlon::gatehouse
