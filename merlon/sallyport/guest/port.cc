#include "merlon/sallyport/guest/port.h"

#include "merlon/sallyport/item.h"

namespace merlon::sallyport {

Staged Port::stage(Call call, Arguments arguments) {
  for (std::size_t i = 0; i < arguments.size(); ++i) block_.store_argument(i, arguments[i]);
  return Staged(*this, call, arguments);
}

Staged&& Staged::send(core::ByteView bytes) && {
  port_->block_.copy_in(bytes, sent_);
  sent_ += static_cast<std::uint32_t>(bytes.size());
  return std::move(*this);
}

Staged&& Staged::receive(std::size_t size) && {
  MERLON_CHECK(size <= port_->capacity());
  room_ = static_cast<std::uint32_t>(size);
  return std::move(*this);
}

Staged&& Staged::items(std::size_t count) && {
  items_ = static_cast<std::uint32_t>(count);
  return std::move(*this);
}

Committed Staged::commit() && {
  const Block& block = port_->block_;
  const std::uint32_t sequence = ++port_->sequence_;
  block.store(&Header::call, static_cast<std::uint32_t>(call_));
  block.store(&Header::sent, sent_);
  block.store(&Header::room, room_);
  block.store(&Header::sequence, sequence);
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

Violation Committed::judge(std::uint64_t result, std::uint32_t returned) const noexcept {
  const auto bounded = [&](bool in_range, std::uint64_t bytes) {
    if (!in_range) return Violation::ResultOutOfRange;
    return returned == bytes ? Violation::None : Violation::WrongSize;
  };
  switch (expectation_.reply) {
    case Reply::Done: return bounded(result == 0, 0);
    case Reply::Written: return bounded(result <= expectation_.sent, 0);
    case Reply::Read: return bounded(result <= expectation_.room, result);
    case Reply::Record: return bounded(result == 0, expectation_.room);
    case Reply::Position:
    case Reply::Flags:
    case Reply::Count:
    case Reply::Option:
    case Reply::Time: return bounded(is_possible(result), 0);
    case Reply::Ready: return bounded(result <= expectation_.items, expectation_.room);
    case Reply::Descriptor:
      if (result >= max_descriptors) return Violation::DescriptorTooLarge;
      if (port_->descriptors_.holds(result)) return Violation::DescriptorInUse;
      return bounded(true, 0);
    case Reply::Delivery:
      if (returned > expectation_.room) return Violation::WrongSize;
      return result <= expectation_.room ? Violation::None : Violation::ResultOutOfRange;
    case Reply::Never: return Violation::CameBack;
  }
  return Violation::ResultOutOfRange;
}

/// `copied` is our own: header, descriptors, and `result` bytes.
Violation Committed::judge_delivery(std::uint64_t result, core::ByteView copied) const noexcept {
  DeliveryHeader header{};
  if (copied.size() < sizeof(header)) return Violation::WrongSize;
  std::memcpy(&header, copied.data(), sizeof(header));
  if (header.descriptor_count > max_delivered_descriptors) return Violation::ResultOutOfRange;
  const std::size_t prefix = sizeof(header) + header.descriptor_count * sizeof(std::uint32_t);
  if (copied.size() < prefix || copied.size() - prefix != result) return Violation::WrongSize;
  DescriptorSet held = port_->descriptors_;
  for (std::size_t at = sizeof(header); at < prefix; at += sizeof(std::uint32_t)) {
    std::uint32_t number = 0;
    std::memcpy(&number, copied.data() + at, sizeof(number));
    if (number >= max_descriptors) return Violation::DescriptorTooLarge;
    if (held.holds(number)) return Violation::DescriptorInUse;
    held.add(number);
  }
  port_->descriptors_ = held;
  return Violation::None;
}

Answer<std::uint64_t> Committed::collect(core::ByteSpan into) && {
  const Block& block = port_->block_;
  MERLON_CHECK(into.size() >= expectation_.room);
  if (block.load(&Header::answered) != expectation_.sequence) {
    return Failure{0, Violation::NotAnswered};
  }
  const std::int64_t result = block.load(&Header::result);
  const std::uint32_t returned = block.load(&Header::returned);
  if (result < 0) {
    if (result < -max_errno) return Failure{0, Violation::UnknownErrno};
    if (returned != 0) return Failure{0, Violation::ErrorWithBytes};
    constexpr std::int64_t interrupted = -4;  // EINTR
    if (result == interrupted && !may_be_interrupted(expectation_.reply)) {
      return Failure{0, Violation::Interrupted};
    }
    return Failure{static_cast<std::int32_t>(-result), Violation::None};
  }
  const auto number = static_cast<std::uint64_t>(result);
  Violation violation = judge(number, returned);
  if (violation != Violation::None) return Failure{0, violation};
  const core::ByteSpan own = into.first(returned);
  block.copy_out(own);
  if (expectation_.reply == Reply::Delivery) violation = judge_delivery(number, own);
  if (violation != Violation::None) return Failure{0, violation};
  if (expectation_.reply == Reply::Descriptor) port_->descriptors_.add(number);
  return number;
}

}  // namespace merlon::sallyport
