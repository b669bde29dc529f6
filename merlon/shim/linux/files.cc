#include "merlon/shim/linux/files.h"

#include <algorithm>
#include <array>

#include "merlon/shim/linux/attributes.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux::files {

using sallyport::Arguments;
using sallyport::Call;

namespace {

/// Where bytes go or come from: one piece of the keep's memory after the other.
class Scatter {
 public:
  Scatter(std::uint64_t vectors, std::uint64_t count) noexcept : vectors_(vectors), count_(count) {}

  /// The next piece that is not empty; nothing at the end.
  [[nodiscard]] std::optional<abi::Vector> next() noexcept {
    while (index_ < count_) {
      abi::Vector vector{};
      if (!read_user(vectors_ + index_ * sizeof(vector), vector)) return std::nullopt;
      ++index_;
      if (vector.size != 0) return vector;
    }
    return std::nullopt;
  }

 private:
  std::uint64_t vectors_;
  std::uint64_t count_;
  std::uint64_t index_ = 0;
};

/// What is wrong with a list of vectors, before any of them is used; 0: nothing.
SystemResult judge_list(std::uint64_t vectors, std::uint64_t count) noexcept {
  if (count > abi::max_vectors) return -abi::Inval;
  return readable_bytes(vectors, count * sizeof(abi::Vector)) ? 0 : -abi::Fault;
}

std::uint64_t piece_size() noexcept { return std::min(port().capacity(), scratch_size); }

Call read_call(Position position) noexcept { return position.given ? Call::ReadAt : Call::Read; }
Call write_call(Position position) noexcept { return position.given ? Call::WriteAt : Call::Write; }

/// How many bytes the vectors name, at most one piece.
std::size_t total_of(std::uint64_t vectors, std::uint64_t count) noexcept {
  Scatter scatter(vectors, count);
  std::size_t total = 0;
  while (const auto vector = scatter.next()) {
    if (vector->size > piece_size() - total) return piece_size();
    total += vector->size;
  }
  return total;
}

/// Lays `bytes` out over the vectors.
SystemResult spread(core::ByteView bytes, std::uint64_t vectors, std::uint64_t count) noexcept {
  Scatter scatter(vectors, count);
  const auto total = static_cast<SystemResult>(bytes.size());
  while (!bytes.empty()) {
    const auto vector = scatter.next();
    if (!vector) return -abi::Fault;
    const std::size_t size = std::min<std::size_t>(vector->size, bytes.size());
    const auto to = writable_bytes(vector->base, size);
    if (!to) return -abi::Fault;
    copy(*to, bytes.first(size));
    bytes = bytes.subspan(size);
  }
  return total;
}

/// Gathers pieces of the keep's memory into the block and writes each time it is full.
class Gather {
 public:
  Gather(std::uint64_t fd, Position position) noexcept : fd_(fd), position_(position) {}

  /// False when nothing more is to be added: an error, or the host did not take all.
  [[nodiscard]] bool add(core::ByteView bytes) noexcept {
    while (!bytes.empty()) {
      const std::size_t size = std::min<std::size_t>(bytes.size(), piece_size() - filled_);
      copy(core::ByteSpan(keep().scratch).subspan(filled_), bytes.first(size));
      filled_ += size;
      bytes = bytes.subspan(size);
      if (filled_ == piece_size() && !flush()) return false;
    }
    return true;
  }
  [[nodiscard]] bool flush() noexcept {
    return filled_ == 0 || write(core::ByteView(keep().scratch).first(filled_));
  }
  /// Writes bytes of the keep as they are.
  [[nodiscard]] bool write(core::ByteView bytes) noexcept {
    const SystemResult answer =
        ask_sending(write_call(position_), {fd_, position_.offset + done_}, bytes);
    filled_ = 0;
    if (answer < 0) {
      error_ = answer;
      return false;
    }
    done_ += static_cast<std::uint64_t>(answer);
    return static_cast<std::uint64_t>(answer) == bytes.size();
  }
  /// What the keep is told: an error only if nothing was written before it.
  [[nodiscard]] SystemResult result() const noexcept {
    return done_ == 0 ? error_ : static_cast<SystemResult>(done_);
  }

 private:
  std::uint64_t fd_;
  Position position_;
  std::size_t filled_ = 0;
  std::uint64_t done_ = 0;
  SystemResult error_ = 0;
};

}  // namespace

bool holds(std::uint64_t fd) noexcept { return port().descriptors().holds(fd); }

SystemResult read(std::uint64_t fd, std::uint64_t address, std::uint64_t size,
                  Position position) noexcept {
  if (!holds(fd)) return -abi::Badf;
  const auto into = writable_bytes(address, std::min(size, piece_size()));
  if (!into) return -abi::Fault;
  return ask_receiving(read_call(position), {fd, position.offset}, *into);
}

SystemResult write(std::uint64_t fd, std::uint64_t address, std::uint64_t size,
                   Position position) noexcept {
  if (!holds(fd)) return -abi::Badf;
  auto bytes = readable_bytes(address, size);
  if (!bytes) return -abi::Fault;
  Gather gather(fd, position);
  if (size == 0) {
    static_cast<void>(gather.write({}));
    return gather.result();
  }
  while (!bytes->empty()) {
    const std::size_t piece = std::min<std::size_t>(bytes->size(), piece_size());
    if (!gather.write(bytes->first(piece))) break;
    bytes = bytes->subspan(piece);
  }
  return gather.result();
}

SystemResult read_vectors(std::uint64_t fd, std::uint64_t vectors, std::uint64_t count,
                          Position position) noexcept {
  if (!holds(fd)) return -abi::Badf;
  if (const SystemResult wrong = judge_list(vectors, count); wrong != 0) return wrong;
  abi::Vector only{};
  if (count == 1) {  // straight from the block
    if (!read_user(vectors, only)) return -abi::Fault;
    return read(fd, only.base, only.size, position);
  }
  const core::ByteSpan scratch = core::ByteSpan(keep().scratch).first(total_of(vectors, count));
  const SystemResult answer = ask_receiving(read_call(position), {fd, position.offset}, scratch);
  if (answer < 0) return answer;
  return spread(scratch.first(static_cast<std::size_t>(answer)), vectors, count);
}

SystemResult write_vectors(std::uint64_t fd, std::uint64_t vectors, std::uint64_t count,
                           Position position) noexcept {
  if (!holds(fd)) return -abi::Badf;
  if (const SystemResult wrong = judge_list(vectors, count); wrong != 0) return wrong;
  abi::Vector only{};
  if (count == 1) {
    if (!read_user(vectors, only)) return -abi::Fault;
    return write(fd, only.base, only.size, position);
  }
  Scatter scatter(vectors, count);
  Gather gather(fd, position);
  bool more = true;
  while (more) {
    const auto vector = scatter.next();
    if (!vector) break;
    const auto bytes = readable_bytes(vector->base, vector->size);
    if (!bytes) return gather.result() != 0 ? gather.result() : -abi::Fault;
    more = gather.add(*bytes);
  }
  if (more) static_cast<void>(gather.flush());
  return gather.result();
}

namespace {

/// What the host has just told of the file, if it did.
std::optional<std::uint32_t> just_told(std::uint64_t fd) noexcept {
  const ToldFile& told = keep().told;
  const bool counts = told.descriptor == fd && told.sequence == port().sequence() &&
                      (told.open_file & sallyport::open_file_told) != 0;
  return counts ? std::optional(told.open_file) : std::nullopt;
}

SystemResult status_flags(std::uint64_t fd) noexcept {
  const auto told = just_told(fd);
  return told ? static_cast<SystemResult>(*told & sallyport::known_status_flags)
              : ask(Call::GetFlags, {fd});
}

SystemResult is_terminal(std::uint64_t fd) noexcept {
  const auto told = just_told(fd);
  if (!told) return ask(Call::IsTerminal, {fd});
  return (*told & sallyport::open_file_is_terminal) != 0 ? 0 : -abi::Notty;
}

}  // namespace

SystemResult close(std::uint64_t fd) noexcept {
  if (!holds(fd)) return -abi::Badf;
  const SystemResult answer = ask(Call::Close, {fd});
  port().descriptors().remove(fd);  // closed, whatever the answer says
  return answer;
}

SystemResult control(std::uint64_t fd, std::uint64_t command, std::uint64_t argument) noexcept {
  if (!holds(fd)) return -abi::Badf;
  switch (command) {
    case abi::f_getfd: return 1;  // nothing is ever executed: all close on exec
    case abi::f_setfd: return 0;
    case abi::f_getfl: return status_flags(fd);
    case abi::f_setfl: return ask(Call::SetFlags, {fd, argument});
    case abi::f_dupfd_cloexec: return ask(Call::Duplicate, {fd});
    default: return -abi::Inval;
  }
}

SystemResult device_control(std::uint64_t fd, std::uint64_t request,
                            std::uint64_t argument) noexcept {
  if (!holds(fd)) return -abi::Badf;
  if (request == abi::tcgets) {
    const SystemResult answer = is_terminal(fd);
    constexpr std::size_t terminal_size = 36;  // struct termios of the kernel
    if (answer < 0) return answer;
    const auto bytes = writable_bytes(argument, terminal_size);
    if (!bytes) return -abi::Fault;
    clear(*bytes);
    return 0;
  }
  if (request != abi::fionread) return -abi::Notty;
  const SystemResult answer = ask(Call::Readable, {fd});
  if (answer < 0) return answer;
  constexpr SystemResult most = 0x7fff'ffff;
  const auto count = static_cast<std::int32_t>(std::min(answer, most));
  return write_user(argument, count) ? 0 : -abi::Fault;
}

SystemResult status(std::uint64_t fd, std::uint64_t address) noexcept {
  if (!holds(fd)) return -abi::Badf;
  sallyport::Status status{};
  const SystemResult answer = ask_receiving(Call::Status, {fd}, writable_bytes_of(status));
  if (answer >= 0) keep().told = {fd, status.open_file, port().sequence()};
  return answer < 0 ? answer : put_status(address, status);
}

SystemResult read_directory(std::uint64_t fd, std::uint64_t address, std::uint64_t size) noexcept {
  if (!holds(fd)) return -abi::Badf;
  const auto into = writable_bytes(address, std::min(size, piece_size()));
  if (!into) return -abi::Fault;
  return ask_receiving(Call::ReadDirectory, {fd}, *into);
}

SystemResult poll(std::uint64_t items, std::uint64_t count, std::uint64_t timeout) noexcept {
  if (count > sallyport::max_poll_items) return -abi::Inval;
  const std::size_t size = static_cast<std::size_t>(count) * sizeof(sallyport::PollItem);
  const auto bytes = writable_bytes(items, size);
  if (!bytes) return -abi::Fault;
  std::uint64_t limit = sallyport::forever;
  if (timeout != 0) {
    abi::TimeSpec time{};
    if (!read_user(timeout, time)) return -abi::Fault;
    constexpr std::int64_t second = 1'000'000'000;
    constexpr std::int64_t most_seconds = 1'000'000'000;
    if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= second) {
      return -abi::Inval;
    }
    limit = static_cast<std::uint64_t>(std::min(time.seconds, most_seconds) * second +
                                       time.nanoseconds);
  }
  for (std::size_t at = 0; at < size; at += sizeof(sallyport::PollItem)) {
    sallyport::PollItem item{};
    copy(writable_bytes_of(item), bytes->subspan(at, sizeof(item)));
    if (item.descriptor >= 0 && !holds(static_cast<std::uint64_t>(item.descriptor))) {
      return -abi::Badf;
    }
  }
  // The answer brings descriptors and events back: only what is ready is taken from it.
  const core::ByteSpan answered = core::ByteSpan(keep().scratch).first(size);
  const SystemResult answer = answer_of(Call::Poll, port()
                                                        .stage(Call::Poll, {count, limit})
                                                        .send(*bytes)
                                                        .receive(size)
                                                        .items(static_cast<std::size_t>(count))
                                                        .commit()
                                                        .collect(answered));
  if (answer < 0) return answer;
  for (std::size_t at = 0; at < size; at += sizeof(sallyport::PollItem)) {
    constexpr std::size_t ready = offsetof(sallyport::PollItem, ready);
    copy(bytes->subspan(at + ready, sizeof(std::uint16_t)),
         answered.subspan(at + ready, sizeof(std::uint16_t)));
  }
  return answer;
}

}  // namespace merlon::shim::linux::files
