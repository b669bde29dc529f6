#include "merlon/os/system.h"

#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

namespace merlon::os {

Result<std::string> system_name() {
  ::utsname name{};
  if (::uname(&name) < 0) return last_errno();
  std::string text;
  for (const char* part : {name.sysname, name.release, name.version, name.machine}) {
    text += std::string(text.empty() ? "" : " ") + part;
  }
  return text;
}

std::uint64_t physical_memory() noexcept {
  struct ::sysinfo info{};
  if (::sysinfo(&info) != 0) return 0;
  return std::uint64_t{info.totalram} * info.mem_unit;
}

Result<std::uint64_t> lockable_bytes() noexcept {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) < 0) return last_errno();
  static_assert(RLIM_INFINITY == ~std::uint64_t{0});
  return std::uint64_t{limit.rlim_cur};
}

std::uintptr_t lowest_stack_address() noexcept {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  // The kernel counts from the end of the stack. It puts the program's name there, and its random
  // bytes below that and the environment; a page is more than what lies above the former.
  const std::uintptr_t name = ::getauxval(AT_EXECFN);
  const std::uintptr_t top = name != 0 ? name : ::getauxval(AT_RANDOM);
  constexpr std::uintptr_t page = 4096;
  return top > limit.rlim_cur ? top - limit.rlim_cur + page : 0;
}

}  // namespace merlon::os
