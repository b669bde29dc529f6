#include "merlon/launch/readiness.h"

#include <algorithm>
#include <array>
#include <vector>

#include "merlon/os/channel.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::uint8_t is_ready = 1;
constexpr std::uint8_t is_unfit = 2;
constexpr std::size_t head_size = 2;
constexpr std::size_t max_text = 255;

Result<void> receive_all(os::BorrowedFd channel, core::ByteSpan bytes) {
  while (!bytes.empty()) {
    const auto delivery = os::receive_with_descriptors(channel, bytes);
    if (!delivery) return os::to_error(delivery.error(), "cannot hear from the keep's process");
    if (delivery->size == 0) {
      return core::error(ErrorCode::Unavailable, "the keep's process ended without a word");
    }
    bytes = bytes.subspan(delivery->size);
  }
  return {};
}

}  // namespace

Result<void> send(os::BorrowedFd channel, const Readiness& readiness) {
  const std::string_view text = std::string_view(readiness.text).substr(0, max_text);
  std::vector<std::uint8_t> bytes{readiness.ready ? is_ready : is_unfit,
                                  static_cast<std::uint8_t>(text.size())};
  const core::ByteView words = core::as_bytes(text);
  bytes.insert(bytes.end(), words.begin(), words.end());
  const auto sent = os::send_with_descriptors(channel, bytes, {});
  if (!sent) return os::to_error(sent.error(), "cannot tell the launcher");
  return {};
}

Result<Readiness> receive_readiness(os::BorrowedFd channel) {
  std::array<std::uint8_t, head_size> head{};
  TRY(receive_all(channel, head));
  if (head[0] != is_ready && head[0] != is_unfit) {
    return core::error(ErrorCode::Malformed, "the keep's process spoke out of turn", head[0]);
  }
  Readiness readiness{head[0] == is_ready, std::string(head[1], '\0')};
  std::vector<std::uint8_t> text(head[1]);
  TRY(receive_all(channel, text));
  std::ranges::copy(core::as_text(text), readiness.text.begin());
  return readiness;
}

}  // namespace merlon::launch
