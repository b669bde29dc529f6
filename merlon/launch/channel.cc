#include "merlon/launch/channel.h"

#include <array>
#include <iterator>

#include "merlon/launch/first_bytes.h"
#include "merlon/os/channel.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Result;

namespace {

/// Most messages fit into one read.
constexpr std::size_t first_read = 4UL * 1024;

/// Reads until `bytes` is full. Open files may come with the first byte only, so here they are
/// more than the message says.
Result<void> receive_rest(os::BorrowedFd channel, core::ByteSpan bytes) {
  while (!bytes.empty()) {
    auto delivery = os::receive_with_descriptors(channel, bytes);
    if (!delivery) return os::to_error(delivery.error(), "cannot receive the launch message");
    if (!delivery->descriptors.empty()) {
      return core::error(ErrorCode::Malformed, "open files in the middle of a launch message");
    }
    if (delivery->size == 0) {
      return core::error(ErrorCode::Malformed, "launch message ends early");
    }
    bytes = bytes.subspan(delivery->size);
  }
  return {};
}

}  // namespace

Result<void> send(os::BorrowedFd channel, const Message& message,
                  std::span<const os::BorrowedFd> descriptors) {
  if (descriptors.size() != message.descriptor_count()) {
    return core::error(ErrorCode::Internal, "descriptors do not match the launch message",
                       descriptors.size());
  }
  const std::vector<std::uint8_t> bytes = TRY(encode(message));
  const auto sent = os::send_with_descriptors(channel, bytes, descriptors);
  if (!sent) return os::to_error(sent.error(), "cannot send the launch message");
  return {};
}

Result<FirstBytes> receive_first_bytes(os::BorrowedFd channel) {
  std::vector<std::uint8_t> bytes(first_read);
  auto first = os::receive_with_descriptors(channel, bytes);
  if (!first) return os::to_error(first.error(), "cannot receive the launch message");
  if (first->size == 0) {
    return core::error(ErrorCode::Unavailable, "the host closed the channel without a message");
  }
  if (first->size < header_size) {
    return core::error(ErrorCode::Malformed, "launch message ends early", first->size);
  }
  bytes.resize(first->size);
  return FirstBytes{std::move(bytes), std::move(first->descriptors)};
}

Result<Launch> receive_after(FirstBytes first, os::BorrowedFd channel) {
  std::vector<std::uint8_t>& bytes = first.bytes;
  const std::size_t read = bytes.size();
  const std::size_t total = header_size + TRY(body_size(core::ByteView(bytes).first(header_size)));
  if (read > total) {
    return core::error(ErrorCode::Malformed, "bytes behind the launch message", read);
  }
  bytes.resize(total);
  TRY(receive_rest(channel, core::ByteSpan(bytes).subspan(read)));

  Launch launch;
  launch.message = TRY(decode_body(core::ByteView(bytes).subspan(header_size)));
  if (first.files.size() != launch.message.descriptor_count()) {
    return core::error(ErrorCode::Malformed, "open files do not match the launch message",
                       first.files.size());
  }
  auto next = std::make_move_iterator(first.files.begin());
  if (has_module(launch.message.purpose)) launch.module = *next++;
  if (launch.message.needs_archive()) launch.archive = *next++;
  if (launch.message.steward) launch.steward = *next++;
  if (launch.message.package) launch.registry = *next++;
  if (!launch.message.allowed.empty()) launch.dialler = *next++;
  if (launch.message.volume) launch.volume = *next++;
  launch.descriptors.assign(next, std::make_move_iterator(first.files.end()));
  return launch;
}

Result<Launch> receive(os::BorrowedFd channel) {
  return receive_after(TRY(receive_first_bytes(channel)), channel);
}

}  // namespace merlon::launch
