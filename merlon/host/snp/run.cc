#include <algorithm>
#include <cerrno>
#include <cstring>

#include "merlon/host/snp/machine.h"
#include "merlon/sallyport/boot.h"

// What a processor comes back with. Its shim asks for private and shared ranges by a hypercall that
// KVM makes of its page state changes, and for certificates by its extended requests.

namespace merlon::host::snp {

using os::Errno;

namespace {

/// A keep asks for each shared page once: more is no keep's doing.
constexpr std::uint32_t most_conversions = 1U << 20U;
constexpr std::uint64_t out_of_space = ENOSPC;
constexpr std::uint64_t failed = EIO;
constexpr std::uint64_t invalid = EINVAL;

}  // namespace

std::string_view name_of(StopKind kind) noexcept {
  switch (kind) {
    case StopKind::Doorbell: return "doorbell";
    case StopKind::Terminated: return "terminated";
    case StopKind::MemoryFault: return "memory fault";
    case StopKind::Shutdown: return "shutdown";
    case StopKind::Interrupted: return "interrupted";
    case StopKind::Other: return "other exit";
  }
  return "other exit";
}

template <typename T>
T Machine::exit_data() const noexcept {
  T data;
  std::memcpy(&data, run_area_.bytes().data() + kernel::exit_data_offset, sizeof data);
  return data;
}

template <typename T>
void Machine::set_exit_data(const T& data) noexcept {
  std::memcpy(run_area_.bytes().data() + kernel::exit_data_offset, &data, sizeof data);
}

std::uint32_t Machine::exit_reason() const noexcept {
  std::uint32_t reason = 0;
  std::memcpy(&reason, run_area_.bytes().data() + kernel::exit_reason_offset, sizeof reason);
  return reason;
}

Result<Stop> Machine::run() {
  if (!launched_) return Trouble{Step::Run, Cause::Image, {}, 0};
  Stop stop;
  while (true) {
    const auto answer = processor_.ask(request::run);
    if (!answer && (answer.error() == Errno::Intr || answer.error() == Errno::Again)) {
      stop.kind = StopKind::Interrupted;
      return stop;
    }
    // A fault of memory is told by an errno and the reason together.
    const bool faulted =
        !answer && answer.error() == Errno::Fault && exit_reason() == kernel::exit_memory_fault;
    if (!answer && !faulted) return Trouble{Step::Run, Cause::Refused, answer.error(), 0};
    note(Step::Run);
    if (!TRY(handle(stop, answer))) return stop;
    if (stop.conversions == most_conversions) return Trouble{Step::Run, Cause::Stuck, {}, 0};
  }
}

/// True to go on.
Result<bool> Machine::handle(Stop& stop, const os::Result<int>& answer) {
  stop.reason = exit_reason();
  switch (stop.reason) {
    case KVM_EXIT_HYPERCALL: return convert(exit_data<kernel::HypercallExit>(), stop);
    case kernel::exit_memory_fault:
      if (answer) return Trouble{Step::Run, Cause::Nonsense, {}, 0};
      // Memory was touched as what it is not. A keep of ours asks first; to give in would let
      // a mistake pass for its wish.
      stop.kind = StopKind::MemoryFault;
      stop.detail = exit_data<kernel::MemoryFaultExit>().address;
      return false;
    case kernel::exit_certificates: {
      if (certificates_.empty()) return Trouble{Step::Run, Cause::Nonsense, {}, 0};
      auto exit = exit_data<kernel::CertificatesExit>();
      exit.result = give_certificates(exit);
      set_exit_data(exit);
      ++stop.conversions;
      return true;
    }
    case KVM_EXIT_SYSTEM_EVENT: {
      const auto event = exit_data<kernel::SystemEventExit>();
      if (event.type == kernel::event_sev_terminated) stop.kind = StopKind::Terminated;
      if (event.count != 0) stop.detail = event.data[0];
      return false;
    }
    case KVM_EXIT_IO: {
      const auto exit = exit_data<kernel::PortExit>();
      const bool rung = exit.direction == KVM_EXIT_IO_OUT && exit.size == 1 && exit.count == 1 &&
                        exit.port == sallyport::doorbell_port;
      stop.kind = rung ? StopKind::Doorbell : StopKind::Other;
      stop.detail = exit.port;
      return false;
    }
    case KVM_EXIT_SHUTDOWN: stop.kind = StopKind::Shutdown; return false;
    case KVM_EXIT_INTR: stop.kind = StopKind::Interrupted; return false;
    default: stop.kind = StopKind::Other; return false;
  }
}

/// The keep wants a range private or shared. The image has fixed which is which: its shim asks for
/// what is so already, to be sure, and what would be otherwise is refused to it.
Result<bool> Machine::convert(kernel::HypercallExit exit, Stop& stop) {
  if (exit.number != kernel::map_range_hypercall) {
    stop.kind = StopKind::Other;
    stop.detail = exit.number;
    return false;
  }
  const std::uint64_t address = exit.arguments[0];
  const std::uint64_t pages = exit.arguments[1];
  const bool to_private = (exit.arguments[2] & kernel::range_is_private) != 0;
  constexpr std::uint64_t most_pages = std::uint64_t{1} << 40U;
  const Part* const part =
      pages < most_pages ? part_with(address, pages * kernel::page_size) : nullptr;
  const bool possible =
      part != nullptr && address % kernel::page_size == 0 && part->is_private == to_private;
  exit.result = possible ? 0 : invalid;
  set_exit_data(exit);
  ++stop.conversions;
  return true;
}

/// Into pages that the keep shares with its host; what the kernel is to tell the keep.
std::uint64_t Machine::give_certificates(kernel::CertificatesExit& exit) noexcept {
  const std::uint64_t needed = (certificates_.size() + kernel::page_size - 1) / kernel::page_size;
  if (exit.pages < needed) {
    exit.pages = needed;
    return out_of_space;
  }
  const Part* const part = part_with(exit.address, needed * kernel::page_size);
  if (part == nullptr) return failed;
  std::ranges::copy(certificates_, part->own.data() + (exit.address - part->base));
  return 0;
}

}  // namespace merlon::host::snp
