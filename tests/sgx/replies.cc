#include "tests/sgx/replies.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "merlon/sallyport/enclave.h"
#include "merlon/sallyport/item.h"

namespace merlon::tests {

using sallyport::Call;
using sallyport::Header;
using sallyport::Outcome;
using sallyport::Reply;
using sallyport::Request;

namespace {

constexpr std::uint64_t enclave_end = sallyport::enclave_base + sallyport::enclave_size;

}  // namespace

void Replies::answer_honestly(const Request& request, Outcome outcome) {
  sallyport::answer(block_, request, outcome);
}

Outcome Replies::outcome_of(const Request& request) {
  const std::size_t sent = request.sent.size();
  const std::size_t room = request.room.size();
  std::vector<std::uint8_t> bytes(room, 0x11);
  Outcome outcome;
  switch (request.reply) {
    case Reply::Done:
    case Reply::Flags:
    case Reply::Never: return {};
    case Reply::Written: return {static_cast<std::int64_t>(sent), 0};
    case Reply::Position:
      return {request.arguments[2] == 0 ? static_cast<std::int64_t>(request.arguments[1]) : 9, 0};
    case Reply::Count: return {5, 0};
    case Reply::Option: return {1, 0};
    case Reply::Time: return {static_cast<std::int64_t>(time_ += 1000), 0};
    case Reply::Descriptor: return {7, 0};
    case Reply::Read: outcome = {static_cast<std::int64_t>(room), room}; break;
    case Reply::Record: outcome = {0, room}; break;
    case Reply::Ready:
      request.sent.copy_in(core::ByteSpan(bytes).first(std::min(sent, room)));
      outcome = {1, room};
      break;
    case Reply::Delivery: {
      constexpr std::uint32_t count = 2;
      constexpr std::array<std::uint32_t, 1 + count> head{count, 8, 9};
      if (room < sizeof(head) + 3) return {-22, 0};
      std::memcpy(bytes.data(), head.data(), sizeof(head));
      outcome = {3, sizeof(head) + 3};
      break;
    }
  }
  request.room.copy_out(bytes);
  return outcome;
}

/// What may tempt whoever does not look: addresses of its own, edges, and numbers near those that
/// were asked for.
std::uint64_t Replies::number(const Request& request) {
  const std::uint64_t room = request.room.size();
  const std::uint64_t sent = request.sent.size();
  const std::array choices{
      sallyport::shim_start + below(sallyport::shim_end - sallyport::shim_start),
      sallyport::user_start + below(0x100'0000),
      sallyport::mapping_start + below(0x1000'0000),
      sallyport::stack_end - 1 - below(0x1'0000),
      enclave_end - 16 + below(32),
      enclave_end - room,
      sallyport::thread_control_page + below(0x8000),
      room + below(3) - 1,
      sent + below(3) - 1,
      0 - below(5000),
      std::uint64_t{1} << below(64),
      (std::uint64_t{1} << below(64)) - 1,
      0x8000'0000 + below(3) - 1,
      below(16),
      below(2048),
      request.arguments[below(sallyport::argument_count)],
      request.sequence,
      chance_()};
  return choices[below(choices.size())];
}

void Replies::fill(std::size_t size) {
  size = std::min(size + 64, block_.capacity());
  for (std::size_t at = 0; at < size; at += 8) block_.store_data(at / 8 * 8, chance_());
}

/// Numbers within what is delivered: counts, descriptors, records of attributes.
void Replies::put_records(const Request& request) {
  const std::size_t size = std::max<std::size_t>(request.room.size(), 16);
  for (std::uint64_t times = 1 + below(4); times != 0; --times) {
    const std::size_t at = below(std::min<std::size_t>(size, 512)) / 8 * 8;
    block_.store_data(at, number(request) | (below(2) != 0 ? number(request) << 32U : 0));
  }
}

void Replies::lie(Lie kind, const Request& request, Outcome honest) {
  sallyport::answer(block_, request, honest);
  switch (kind) {
    case Lie::Result: put(Header::Result, number(request)); break;
    case Lie::Returned: put(Header::Returned, number(request)); break;
    case Lie::Answered:
      put(Header::Answered, below(2) != 0 ? request.sequence + below(3) - 1 : number(request));
      break;
    case Lie::Silence: put(Header::Answered, request.sequence - 1); break;
    case Lie::Errno:
      put(Header::Result, 0 - below(below(2) != 0 ? 200 : 5000));
      put(Header::Returned, below(4) != 0 ? 0 : number(request));
      break;
    case Lie::Contents: fill(honest.returned); break;
    case Lie::Records: put_records(request); break;
    case Lie::Request:
      put(Header::Sequence, number(request));
      put(Header::Call, number(request));
      put(Header::Room, number(request));
      put(Header::Sent, number(request));
      for (std::size_t i = 0; i < sallyport::argument_count; ++i)
        block_.store_argument(i, number(request));
      break;
    case Lie::Prophecy:
      put(Header::Answered, request.sequence);  // this one as it should be; the next one behind it
      put(Header::Attended, 1);
      break;
    case Lie::Everything:
      fill(request.room.size());
      put(Header::Result, number(request));
      put(Header::Returned,
          below(2) != 0 ? block_.load(Header::Result).any_value_is_right() : number(request));
      put(Header::Attended, below(3));
      if (below(8) == 0) put(Header::Answered, number(request));
      break;
    case Lie::Pages:
    case Lie::OtherPages: put(Header::Result, below(2) != 0 ? 0 : 0 - below(40)); break;
  }
}

void Replies::change_a_word() {
  constexpr std::array headers{Header::Result,   Header::Returned, Header::Answered,
                               Header::Attended, Header::Sequence, Header::Room,
                               Header::Sent,     Header::Call};
  constexpr std::size_t near = 512;
  const std::size_t at = below(2) != 0 ? static_cast<std::size_t>(headers[below(headers.size())])
                                       : sallyport::data_offset + below(near) / 8 * 8;
  std::uint64_t word = 0;
  std::memcpy(&word, memory_.data() + at, sizeof(word));
  const std::array changed{word + 1,         word - 1,
                           0 - word,         word ^ std::uint64_t{1} << below(64),
                           std::uint64_t{0}, chance_()};
  word = changed[below(changed.size())];
  std::memcpy(memory_.data() + at, &word, sizeof(word));
}

}  // namespace merlon::tests
