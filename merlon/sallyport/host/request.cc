#include "merlon/sallyport/host/request.h"

namespace merlon::sallyport {

using core::ErrorCode;

core::Result<Request> take_request(const Block& block, std::uint64_t expected) {
  const auto refusal = [](const char* why, std::uint64_t detail) {
    return core::error(ErrorCode::Malformed, why, detail);
  };
  if (expected == 0) return refusal("the keep has no numbers left for its requests", expected);
  const std::uint64_t sequence =
      TRY(block.load(Header::Sequence)
              .equal_to(expected, refusal("the keep's request is out of order", expected)));
  const auto is_call = [](std::uint64_t number) { return find_call(number) != nullptr; };
  const std::uint64_t number =
      TRY(block.load(Header::Call)
              .such_that(is_call, refusal("the keep asks for an unknown call", sequence)));
  const CallInfo& info = *find_call(number);
  const auto too_large = refusal("the keep's request is larger than the block", number);
  const std::size_t sent = TRY(block.load(Header::Sent).within(block.capacity(), too_large));
  const std::size_t room = TRY(block.load(Header::Room).within(block.capacity(), too_large));
  Request request{info.call, info.reply, sequence, {}, block.data(sent), block.data(room)};
  for (std::size_t i = 0; i < argument_count; ++i) {
    // ANY: what a number means is the call's: its handler looks it up, masks it, or hands it to the
    // kernel, which judges it as any program's.
    request.arguments[i] = block.load_argument(i).any_value_is_right();
  }
  return request;
}

void answer(const Block& block, const Request& request, Outcome outcome) noexcept {
  MERLON_CHECK(outcome.returned <= request.room.size());
  block.store(Header::Result, static_cast<std::uint64_t>(outcome.result));
  block.store(Header::Returned, outcome.returned);
  block.store(Header::Answered, request.sequence);
}

bool has_request_after(const Block& block, std::uint64_t sequence) noexcept {
  constexpr auto none = ErrorCode::Unavailable;
  const auto is_new = [sequence](std::uint64_t there) { return there != sequence; };
  return block.load(Header::Sequence).such_that(is_new, none).has_value();
}

void set_attended(const Block& block, bool attended) noexcept {
  block.store(Header::Attended, attended ? 1 : 0);
}

void tell_time(const Block& block, const HostTime& time) noexcept {
  block.store(Header::TscKhz, time.tsc_khz);
  block.store(Header::TscBase, time.tsc_base);
  block.store(Header::MonotonicBase, time.monotonic_base);
  block.store(Header::RealtimeBase, time.realtime_base);
}

}  // namespace merlon::sallyport
