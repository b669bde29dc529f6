#include "merlon/os/child_end.h"

#include <csignal>

#include <sys/wait.h>

#include "merlon/os/clock.h"
#include "merlon/os/poll.h"
#include "merlon/os/system_call.h"

namespace merlon::os {

Result<ExitStatus> end_by(const ChildProcess& child, std::uint64_t deadline) {
  // Short ones are seen at once, long ones cost little.
  constexpr std::chrono::milliseconds longest{10};
  auto pause = std::chrono::microseconds(200);
  for (;;) {
    ::siginfo_t ended{};
    const int asked =
        ::waitid(P_PID, static_cast<::id_t>(child.id()), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (asked < 0 && last_errno() != Errno::Intr) return last_errno();
    if (asked == 0 && ended.si_pid == child.id()) return child.wait();
    const auto time = now(Clock::Monotonic);
    if (!time || *time >= deadline) break;
    static_cast<void>(poll({}, pause));
    if (pause < longest) pause *= 2;
  }
  static_cast<void>(child.signal(SIGKILL));
  TRY(child.wait());
  return Errno::Timedout;
}

}  // namespace merlon::os
