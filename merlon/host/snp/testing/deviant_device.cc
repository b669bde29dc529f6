#include "merlon/host/snp/testing/deviant_device.h"

#include <algorithm>
#include <cstring>

namespace merlon::host::snp::testing {

using os::Errno;
using os::Result;

namespace {

constexpr std::array some_errors{Errno::Perm,  Errno::Inval, Errno::Nomem, Errno::Fault,
                                 Errno::Busy,  Errno::Notty, Errno::Badf,  Errno::Io,
                                 Errno::Exist, Errno::Again, Errno::Intr};

bool is_command(unsigned long request) { return request == request::memory_encryption.number; }

kernel::SevCommand command_of(core::ByteSpan structure) {
  kernel::SevCommand command;
  std::memcpy(&command, structure.data(), sizeof command);
  return command;
}

/// The command's own structure.
core::ByteSpan nested_of(unsigned long request, core::ByteSpan structure) {
  if (!is_command(request)) return {};
  const kernel::SevCommand command = command_of(structure);
  std::size_t size = 0;
  switch (static_cast<kernel::Command>(command.id)) {
    case kernel::Command::Init: size = sizeof(kernel::Init); break;
    case kernel::Command::LaunchStart: size = sizeof(kernel::LaunchStart); break;
    case kernel::Command::LaunchUpdate: size = sizeof(kernel::LaunchUpdate); break;
    case kernel::Command::LaunchFinish: size = sizeof(kernel::LaunchFinish); break;
    case kernel::Command::RequestCertificates: break;
  }
  return {reinterpret_cast<std::uint8_t*>(command.data), size};
}

/// Where addresses stand: those are not altered bit by bit, since a fake must not write just
/// anywhere.
bool is_address(unsigned long request, bool nested, std::size_t size, std::size_t offset) {
  const auto in = [&](std::size_t start) { return offset >= start && offset < start + 8; };
  if (!nested) {
    if (is_command(request)) return in(offsetof(kernel::SevCommand, data));
    if (request == request::platform.number) return in(offsetof(kernel::PlatformCommand, data));
    return false;
  }
  if (size == sizeof(kernel::LaunchFinish)) return in(0) || in(8);
  return size == sizeof(kernel::LaunchUpdate) && in(8);  // and workarounds of a start
}

void set_no_address(core::ByteSpan bytes, std::size_t offset) {
  const std::uint64_t nowhere = 0x1000;
  std::memcpy(bytes.data() + offset / 8 * 8, &nowhere, sizeof nowhere);
}

}  // namespace

/// True if this request is the one.
bool DeviantDevice::begin() {
  if (ended_) went_on_ = true;
  return count_++ == at_;
}

/// Whatever fails ends a launch, but for what is to be tried again.
Result<int> DeviantDevice::end(Result<int> answer, unsigned long request,
                               core::ByteSpan structure) {
  if (answer) return answer;
  bool again = false;
  if (is_command(request)) {
    const kernel::SevCommand command = command_of(structure);
    const bool of_update = command.id == static_cast<std::uint32_t>(kernel::Command::LaunchUpdate);
    const bool corrected = answer.error() == Errno::Io && command.error == 0x16;
    again =
        of_update && (answer.error() == Errno::Again || answer.error() == Errno::Intr || corrected);
  }
  if (!again) ended_ = true;
  return answer;
}

Result<int> DeviantDevice::fail() { return some_errors[below(some_errors.size())]; }

Result<int> DeviantDevice::open(Node node) {
  const bool now = begin();
  if (now && (deviation_ == Deviation::Fail || deviation_ == Deviation::Stuck)) {
    deviated_ = true;
    return end(fail(), 0, {});
  }
  if (now && deviation_ == Deviation::Drop) {
    deviated_ = true;
    return 5000;
  }
  const auto answer = inner_.open(node);
  send_waiting();
  return end(answer, 0, {});
}

Result<core::ByteSpan> DeviantDevice::map(int file, std::size_t size) {
  const bool now = begin();
  if (now && (deviation_ == Deviation::Fail || deviation_ == Deviation::Stuck)) {
    deviated_ = true;
    ended_ = true;
    return Errno::Nomem;
  }
  const auto answer = inner_.map(file, size);
  send_waiting();
  if (!answer) ended_ = true;
  return answer;
}

Result<int> DeviantDevice::control(int file, unsigned long request, unsigned long number) {
  const bool now = begin();
  deviated_ = deviated_ || now;
  const bool stuck = deviation_ == Deviation::Stuck && count_ > at_;
  if (stuck) return end(Errno::Again, request, {});
  if (!now) {
    const auto answer = inner_.control(file, request, number);
    send_waiting();
    return end(answer, request, {});
  }
  switch (deviation_) {
    case Deviation::Fail: return end(fail(), request, {});
    case Deviation::Drop:
    case Deviation::Swap: return below(2) == 0 ? 0 : 5000;
    case Deviation::Double: static_cast<void>(inner_.control(file, request, number)); break;
    case Deviation::AlterField: number ^= 1UL << below(8); break;
    case Deviation::AlterAnswer: {
      const auto answer = inner_.control(file, request, number);
      if (!answer) return end(answer, request, {});
      return *answer ^ static_cast<int>(1U << below(31));
    }
    case Deviation::None:
    case Deviation::ShortAgain:
    case Deviation::Stuck: break;
  }
  return end(inner_.control(file, request, number), request, {});
}

Result<int> DeviantDevice::control_with(int file, unsigned long request, core::ByteSpan structure) {
  const bool now = begin();
  deviated_ = deviated_ || now;
  if (deviation_ == Deviation::Stuck && count_ > at_) return end(Errno::Again, request, structure);
  if (!now) {
    const auto answer = inner_.control_with(file, request, structure);
    send_waiting();
    return end(answer, request, structure);
  }
  switch (deviation_) {
    case Deviation::Fail: return end(fail(), request, structure);
    case Deviation::Drop: return 0;
    case Deviation::Swap: wait(file, request, structure); return 0;
    case Deviation::Double: static_cast<void>(inner_.control_with(file, request, structure)); break;
    case Deviation::AlterField: return end(altered(file, request, structure), request, structure);
    case Deviation::AlterAnswer:
      return end(alter_answer(inner_.control_with(file, request, structure), request, structure),
                 request, structure);
    case Deviation::ShortAgain:
      return end(short_again(file, request, structure), request, structure);
    case Deviation::None:
    case Deviation::Stuck: break;
  }
  return end(inner_.control_with(file, request, structure), request, structure);
}

/// A copy of the request is altered; what the device writes comes back without the alteration.
Result<int> DeviantDevice::altered(int file, unsigned long request, core::ByteSpan structure) {
  const core::ByteSpan nested = nested_of(request, structure);
  const bool in_nested = !nested.empty() && below(4) != 0;
  const core::ByteSpan whole = in_nested ? nested : structure;
  std::vector<std::uint8_t> copy(whole.begin(), whole.end());
  // Of a list of leaves the first: the rest is not looked at.
  const std::size_t offset = below(std::min<std::size_t>(copy.size(), 160));
  const auto flip = static_cast<std::uint8_t>(1U << below(8));
  const bool address = is_address(request, in_nested, copy.size(), offset);
  if (address) {
    set_no_address(copy, offset);
  } else {
    copy[offset] ^= flip;
  }
  if (!in_nested) {
    const auto answer = inner_.control_with(file, request, copy);
    if (!address) copy[offset] ^= flip;
    if (!address) std::ranges::copy(copy, structure.begin());
    return answer;
  }
  kernel::SevCommand command = command_of(structure);
  command.data = reinterpret_cast<std::uint64_t>(copy.data());
  const auto answer = inner_.control_with(
      file, request, {reinterpret_cast<std::uint8_t*>(&command), sizeof command});
  std::memcpy(structure.data() + offsetof(kernel::SevCommand, error), &command.error,
              sizeof command.error);
  if (!address) copy[offset] ^= flip;
  if (!address) std::ranges::copy(copy, nested.begin());
  return answer;
}

Result<int> DeviantDevice::alter_answer(Result<int> answer, unsigned long request,
                                        core::ByteSpan structure) {
  if (!answer) return answer;
  if (below(4) == 0) return *answer ^ static_cast<int>(1U << below(31));
  const core::ByteSpan nested = nested_of(request, structure);
  const core::ByteSpan whole = nested.empty() ? structure : nested;
  whole[below(std::min<std::size_t>(whole.size(), 160))] ^=
      static_cast<std::uint8_t>(1U << below(8));
  return answer;
}

/// One page is taken; the structure says so, and the answer is EAGAIN.
Result<int> DeviantDevice::short_again(int file, unsigned long request, core::ByteSpan structure) {
  const core::ByteSpan nested = nested_of(request, structure);
  const bool of_update = is_command(request) && command_of(structure).id == 101;
  if (!of_update) return inner_.control_with(file, request, structure);
  kernel::LaunchUpdate range;
  std::memcpy(&range, nested.data(), sizeof range);
  const std::uint64_t rest = range.size - kernel::page_size;
  range.size = kernel::page_size;
  std::memcpy(nested.data(), &range, sizeof range);
  const auto answer = inner_.control_with(file, request, structure);
  std::memcpy(&range, nested.data(), sizeof range);
  range.size += rest;
  std::memcpy(nested.data(), &range, sizeof range);
  if (!answer) return answer;
  return below(2) == 0 ? Errno::Again : Errno::Intr;
}

void DeviantDevice::wait(int file, unsigned long request, core::ByteSpan structure) {
  // What it points to lies in the sender, who goes on: such a request is lost.
  if (request == request::platform.number) return;
  const core::ByteSpan nested = nested_of(request, structure);
  waiting_ =
      Waiting{file, request, {structure.begin(), structure.end()}, {nested.begin(), nested.end()}};
}

void DeviantDevice::send_waiting() {
  if (!waiting_) return;
  Waiting waiting = *std::exchange(waiting_, std::nullopt);
  if (!waiting.nested.empty()) {
    const auto address = reinterpret_cast<std::uint64_t>(waiting.nested.data());
    std::memcpy(waiting.structure.data() + offsetof(kernel::SevCommand, data), &address,
                sizeof address);
  }
  // Its sender has gone on, and does not learn how it ended.
  static_cast<void>(inner_.control_with(waiting.file, waiting.request, waiting.structure));
}

}  // namespace merlon::host::snp::testing
