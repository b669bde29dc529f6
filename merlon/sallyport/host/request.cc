#include "merlon/sallyport/host/request.h"

namespace merlon::sallyport {

using core::ErrorCode;

core::Result<Request> take_request(const Block& block, std::uint32_t expected) {
  const std::uint32_t sequence = block.load(&Header::sequence);
  if (sequence != expected) {
    return core::error(ErrorCode::Malformed, "the keep's request is out of order", sequence);
  }
  const std::uint32_t number = block.load(&Header::call);
  const CallInfo* const info = find_call(number);
  if (info == nullptr) {
    return core::error(ErrorCode::Malformed, "the keep asks for an unknown call", number);
  }
  const std::uint32_t sent = block.load(&Header::sent);
  const std::uint32_t room = block.load(&Header::room);
  if (sent > block.capacity() || room > block.capacity()) {
    return core::error(ErrorCode::Malformed, "the keep's request is larger than the block", number);
  }
  Request request{
      info->call, info->reply, sequence, {}, block.data().first(sent), block.data().first(room)};
  for (std::size_t i = 0; i < argument_count; ++i) request.arguments[i] = block.load_argument(i);
  return request;
}

void answer(const Block& block, const Request& request, Outcome outcome) noexcept {
  MERLON_CHECK(outcome.returned <= request.room.size());
  block.store(&Header::result, outcome.result);
  block.store(&Header::returned, outcome.returned);
  block.store(&Header::answered, request.sequence);
}

}  // namespace merlon::sallyport
