#include "merlon/sallyport/guest/port.h"

#include <algorithm>
#include <atomic>

#include "merlon/sallyport/item.h"

namespace merlon::sallyport {

Staged Port::stage(Call call, Arguments arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) block_.store_argument(i, arguments[i]);
  return Staged(*this, call, arguments);
}

void Port::finish() const noexcept {
  // Once more: the interruption may have come just before. The block's own word is the host's.
  block_.store(Header::Sequence, committed_);
  const auto answered = block_.load(Header::Answered).equal_to(committed_, Violation::NotAnswered);
  // It may have been rung for or not: a host that is rung for twice answers once.
  if (!answered) bell_.ring(bell_.self, committed_);
}

/// Words are written whole: what the piece before left of its last one is filled up here.
Staged&& Staged::send(core::ByteView bytes) && {
  MERLON_CHECK(bytes.size() <= port_->capacity() - sent_);
  const Block& block = port_->block_;
  if (const std::size_t filled = sent_ % word_size; filled != 0) {
    const core::ByteView first = bytes.first(std::min(word_size - filled, bytes.size()));
    last_word_ |= padded_word(first) << (8 * filled);
    block.store_data(sent_ - filled, last_word_);
    sent_ += first.size();
    bytes = bytes.subspan(first.size());
  }
  if (bytes.empty()) return std::move(*this);
  block.copy_out(bytes, sent_);
  sent_ += bytes.size();
  last_word_ = padded_word(bytes.last(bytes.size() % word_size));
  return std::move(*this);
}

Staged&& Staged::receive(std::size_t size) && {
  MERLON_CHECK(size <= port_->capacity());
  room_ = size;
  return std::move(*this);
}

Staged&& Staged::items(std::size_t count) && {
  items_ = count;
  return std::move(*this);
}

Committed Staged::commit() && {
  const bool ends = call_ == Call::Complain || call_ == Call::Exit;
  if (port_->sequence_ >= last_sequence && !ends) {
    return Committed(*port_, {info_of(call_).reply, 0, sent_, room_, items_, second_, third_});
  }
  // Nobody who ends takes as many as are left; a number is never used again.
  MERLON_CHECK(port_->sequence_ != ~std::uint64_t{0});
  const Block& block = port_->block_;
  const std::uint64_t sequence = ++port_->sequence_;
  block.store(Header::Call, static_cast<std::uint64_t>(call_));
  block.store(Header::Sent, sent_);
  block.store(Header::Room, room_);
  port_->committed_ = sequence;
  std::atomic_signal_fence(std::memory_order_seq_cst);  // finish() may interrupt here
  block.store(Header::Sequence, sequence);
  port_->bell_.ring(port_->bell_.self, sequence);
  return Committed(*port_, {info_of(call_).reply, sequence, sent_, room_, items_, second_, third_});
}

bool Committed::is_possible(std::uint64_t result) const noexcept {
  constexpr std::uint64_t from_the_start = 0;  // SEEK_SET
  constexpr std::uint64_t most_bytes = 0x7fff'ffff;
  constexpr auto listening = static_cast<std::uint64_t>(SocketOption::Listening);
  switch (expectation_.reply) {
    case Reply::Position:
      return expectation_.third != from_the_start || result == expectation_.second || result == 0;
    case Reply::Flags: return (result & ~std::uint64_t{known_status_flags}) == 0;
    case Reply::Count: return result <= most_bytes;
    case Reply::Option:
      return expectation_.second == listening ? result <= 1
                                              : result >= 1 && result <= last_socket_type;
    case Reply::Time: return true;
    case Reply::Done:
    case Reply::Written:
    case Reply::Read:
    case Reply::Record:
    case Reply::Ready:
    case Reply::Descriptor:
    case Reply::Delivery:
    case Reply::Never: return false;
  }
  return false;
}

/// Of a result that is not negative, and what it brings along.
Answer<Committed::Judged> Committed::judge(Word result, Word returned) const noexcept {
  constexpr Failure impossible = broken(Violation::ResultOutOfRange);
  const auto with_bytes = [&](std::uint64_t number, std::size_t bytes) -> Answer<Judged> {
    TRY(returned.equal_to(bytes, broken(Violation::WrongSize)));
    return Judged{number, bytes};
  };
  switch (expectation_.reply) {
    case Reply::Done: return with_bytes(TRY(result.equal_to(0, impossible)), 0);
    case Reply::Written: return with_bytes(TRY(result.within(expectation_.sent, impossible)), 0);
    case Reply::Read: {
      const std::uint64_t count = TRY(result.within(expectation_.room, impossible));
      return with_bytes(count, count);
    }
    case Reply::Record: return with_bytes(TRY(result.equal_to(0, impossible)), expectation_.room);
    case Reply::Position:
    case Reply::Flags:
    case Reply::Count:
    case Reply::Option:
    case Reply::Time:
    case Reply::Descriptor: return judge_number(result, returned);
    case Reply::Ready:
      return with_bytes(TRY(result.within(expectation_.items, impossible)), expectation_.room);
    case Reply::Delivery: {
      const std::uint64_t bytes =
          TRY(returned.within(expectation_.room, broken(Violation::WrongSize)));
      return Judged{TRY(result.within(expectation_.room, impossible)), bytes};
    }
    case Reply::Never: return broken(Violation::CameBack);
  }
  return impossible;
}

/// Of a result that brings no bytes.
Answer<Committed::Judged> Committed::judge_number(Word result, Word returned) const noexcept {
  std::uint64_t number = 0;
  if (expectation_.reply == Reply::Descriptor) {
    number = TRY(result.within(max_descriptors - 1, broken(Violation::DescriptorTooLarge)));
    if (port_->descriptors_.holds(number)) return broken(Violation::DescriptorInUse);
  } else {
    number = TRY(result.such_that([this](std::uint64_t value) { return is_possible(value); },
                                  broken(Violation::ResultOutOfRange)));
  }
  TRY(returned.equal_to(0, broken(Violation::WrongSize)));
  return Judged{number, 0};
}

Failure Committed::judge_error(Word result, Word returned) const noexcept {
  constexpr std::uint64_t first = 0 - static_cast<std::uint64_t>(max_errno);
  constexpr std::int32_t interrupted = 4;  // EINTR
  const auto negated = result.such_that([](std::uint64_t value) { return value >= first; },
                                        broken(Violation::UnknownErrno));
  if (!negated) return negated.error();
  const auto nothing = returned.equal_to(0, broken(Violation::ErrorWithBytes));
  if (!nothing) return nothing.error();
  const auto number = static_cast<std::int32_t>(0 - *negated);
  if (number == interrupted && !may_be_interrupted(expectation_.reply)) {
    return broken(Violation::Interrupted);
  }
  return {number, Violation::None};
}

namespace {

/// A number of a delivery that was copied; the host's word all the same.
core::Untrusted<std::uint32_t> number_at(core::ByteView copied, std::size_t at) noexcept {
  std::uint32_t number = 0;
  __builtin_memcpy(&number, copied.subspan(at, sizeof(number)).data(), sizeof(number));
  return core::Untrusted(number);
}

}  // namespace

/// `copied` is our own: header, descriptors, and `result` bytes.
Answer<void> Committed::take_delivery(std::uint64_t result, core::ByteView copied) const noexcept {
  static_assert(sizeof(DeliveryHeader) == sizeof(std::uint32_t));
  if (copied.size() < sizeof(DeliveryHeader)) return broken(Violation::WrongSize);
  const std::size_t count = TRY(
      number_at(copied, 0).within(max_delivered_descriptors, broken(Violation::ResultOutOfRange)));
  const std::size_t prefix = sizeof(DeliveryHeader) + count * sizeof(std::uint32_t);
  if (copied.size() < prefix || copied.size() - prefix != result) {
    return broken(Violation::WrongSize);
  }
  DescriptorSet held = port_->descriptors_;
  for (std::size_t at = sizeof(DeliveryHeader); at < prefix; at += sizeof(std::uint32_t)) {
    const std::uint32_t number = TRY(
        number_at(copied, at).within(max_descriptors - 1, broken(Violation::DescriptorTooLarge)));
    if (held.holds(number)) return broken(Violation::DescriptorInUse);
    held.add(number);
  }
  port_->descriptors_ = held;
  return {};
}

Answer<std::uint64_t> Committed::collect(core::ByteSpan into) && {
  constexpr std::uint64_t largest = ~std::uint64_t{0} >> 1U;  // what is above is an error
  if (expectation_.sequence == 0) return broken(Violation::TooManyRequests);
  const Block& block = port_->block_;
  MERLON_CHECK(into.size() >= expectation_.room);
  TRY(block.load(Header::Answered).equal_to(expectation_.sequence, broken(Violation::NotAnswered)));
  const Word result = block.load(Header::Result);
  const Word returned = block.load(Header::Returned);
  if (!result.within(largest, Violation::ResultOutOfRange)) return judge_error(result, returned);
  const Judged judged = TRY(judge(result, returned));
  const core::ByteSpan own = into.first(judged.bytes);
  block.copy_in(own);
  if (expectation_.reply == Reply::Delivery) TRY(take_delivery(judged.result, own));
  if (expectation_.reply == Reply::Descriptor) port_->descriptors_.add(judged.result);
  return judged.result;
}

}  // namespace merlon::sallyport
