// proc_exit, proc_raise, sched_yield.

#include <sched.h>

#include "merlon/wasi/api.h"

namespace merlon::wasi::api {
namespace {

enum class Signal : std::uint8_t {
  None = 0,
  Pipe = 13,
  Chld = 16,
  Cont = 17,
  Stop = 18,
  Tstp = 19,
  Ttin = 20,
  Ttou = 21,
  Urg = 22,
  Winch = 27,
};

/// The number that Linux gives the signal, which is what a shell's 128 + n speaks of: Linux has
/// one more signal before SIGCHLD.
std::uint32_t linux_number(std::uint32_t signal) noexcept {
  return signal < static_cast<std::uint32_t>(Signal::Chld) ? signal : signal + 1;
}

}  // namespace

Result<void> proc_exit([[maybe_unused]] Context& context, [[maybe_unused]] GuestMemory memory,
                       std::uint32_t rval) {
  return exited(rval);
}

/// A guest has no signal handlers, so each signal does what $signal says is its default action.
Result<void> proc_raise([[maybe_unused]] Context& context, [[maybe_unused]] GuestMemory memory,
                        std::uint32_t sig) {
  if (sig >= signal_count) return fail(Errno::Inval);
  // Switched as a plain number: all signals not named here end the process.
  switch (sig) {
    case static_cast<std::uint32_t>(Signal::None):
    case static_cast<std::uint32_t>(Signal::Pipe):
    case static_cast<std::uint32_t>(Signal::Chld):
    case static_cast<std::uint32_t>(Signal::Cont):
    case static_cast<std::uint32_t>(Signal::Urg):
    case static_cast<std::uint32_t>(Signal::Winch): return {};
    case static_cast<std::uint32_t>(Signal::Stop):
    case static_cast<std::uint32_t>(Signal::Tstp):
    case static_cast<std::uint32_t>(Signal::Ttin):
    case static_cast<std::uint32_t>(Signal::Ttou): return fail(Errno::Notsup);
    default: return exited(128 + linux_number(sig));
  }
}

Result<void> sched_yield([[maybe_unused]] Context& context, [[maybe_unused]] GuestMemory memory) {
  ::sched_yield();
  return {};
}

}  // namespace merlon::wasi::api
