#include "merlon/launch/readiness.h"

#include <algorithm>
#include <array>
#include <vector>

#include "merlon/launch/stream.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::uint8_t is_ready = 1;
constexpr std::uint8_t is_unfit = 2;
constexpr std::uint8_t may_begin = 1;
constexpr std::size_t head_size = 2;
constexpr std::size_t max_text = 255;

/// As one who waits for a process would say it.
Result<void> hear(os::BorrowedFd channel, core::ByteSpan bytes) {
  const auto heard = read_stream(channel, bytes, true);
  if (heard || heard.error().code != ErrorCode::Unavailable) return heard;
  return core::error(ErrorCode::Unavailable, "the keep's process ended without a word");
}

}  // namespace

Result<void> send(os::BorrowedFd channel, const Readiness& readiness) {
  const std::string_view text = std::string_view(readiness.text).substr(0, max_text);
  std::vector<std::uint8_t> bytes{readiness.ready ? is_ready : is_unfit,
                                  static_cast<std::uint8_t>(text.size())};
  const core::ByteView words = core::as_bytes(text);
  bytes.insert(bytes.end(), words.begin(), words.end());
  return write_stream(channel, bytes);
}

Result<Readiness> receive_readiness(os::BorrowedFd channel) {
  std::array<std::uint8_t, head_size> head{};
  TRY(hear(channel, head));
  if (head[0] != is_ready && head[0] != is_unfit) {
    return core::error(ErrorCode::Malformed, "the keep's process spoke out of turn", head[0]);
  }
  Readiness readiness{head[0] == is_ready, std::string(head[1], '\0')};
  std::vector<std::uint8_t> text(head[1]);
  TRY(hear(channel, text));
  std::ranges::copy(core::as_text(text), readiness.text.begin());
  return readiness;
}

Result<void> send_begin(os::BorrowedFd channel) {
  return write_stream(channel, std::array{may_begin});
}

Result<void> receive_begin(os::BorrowedFd channel) {
  std::array<std::uint8_t, 1> word{};
  TRY(read_stream(channel, word, true));
  if (word[0] == may_begin) return {};
  return core::error(ErrorCode::Malformed, "that is no word to begin by", word[0]);
}

}  // namespace merlon::launch
