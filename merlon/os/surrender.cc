#include "merlon/os/surrender.h"

#include <algorithm>
#include <array>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "merlon/os/process.h"

namespace merlon::os {
namespace {

Result<void> done_or_errno(long result) noexcept {
  if (result < 0) return last_errno();
  return {};
}

/// The kernel tells the end of its list of capabilities by Inval.
Result<void> drop_bounding_set() noexcept {
  for (unsigned long capability = 0;; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (last_errno() == Errno::Inval || last_errno() == Errno::Perm) return {};
    return last_errno();
  }
}

Result<void> lower(int resource, std::uint64_t value) noexcept {
  ::rlimit limit{};
  // glibc's own type for `resource` differs between C and C++; the numbers are the kernel's.
  const auto which = static_cast<__rlimit_resource_t>(resource);
  TRY(done_or_errno(::getrlimit(which, &limit)));
  limit.rlim_cur = std::min<::rlim_t>(limit.rlim_cur, value);
  limit.rlim_max = limit.rlim_cur;
  return done_or_errno(::setrlimit(which, &limit));
}

}  // namespace

Result<void> forbid_new_privileges() noexcept {
  return done_or_errno(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

Result<void> forbid_inspection() noexcept {
  return done_or_errno(::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

Result<void> leave_no_core() noexcept {
  // Less than any core file has, so that none is written; and at 1 alone, not at 0, Linux pipes it
  // to no program either [fs/coredump.c]. Who may not raise a limit of 0 keeps that.
  const ::rlimit least{1, 1};
  if (::setrlimit(RLIMIT_CORE, &least) == 0) return {};
  return lower(RLIMIT_CORE, 0);
}

Result<void> drop_capabilities() noexcept {
  TRY(drop_bounding_set());
  // Linux before 4.3 has no ambient set, and says Inval.
  static_cast<void>(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
  ::__user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<::__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  return done_or_errno(::syscall(SYS_capset, &header, none.data()));
}

Result<void> limit_resources(const ResourceLimits& limits) noexcept {
  TRY(lower(RLIMIT_CORE, limits.core_file_bytes));
  TRY(lower(RLIMIT_NPROC, limits.processes));
  TRY(lower(RLIMIT_MEMLOCK, limits.locked_bytes));
  return lower(RLIMIT_NOFILE, limits.open_files);
}

Result<void> close_from(int first) noexcept {
  return done_or_errno(::syscall(SYS_close_range, static_cast<unsigned>(first), ~0U, 0U));
}

void end_with_maker_of(BorrowedFd channel) noexcept {
  end_with_parent();
  ::ucred maker{};
  ::socklen_t size = sizeof(maker);
  // A maker outside of our process namespace has the number 0.
  if (::getsockopt(channel.number(), SOL_SOCKET, SO_PEERCRED, &maker, &size) < 0 ||
      size != sizeof(maker) || maker.pid <= 0) {
    return;
  }
  if (::getppid() != maker.pid) ::_exit(1);
}

}  // namespace merlon::os
