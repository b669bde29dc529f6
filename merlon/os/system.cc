#include "merlon/os/system.h"

#include <sys/resource.h>
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

Result<std::uint64_t> lockable_bytes() noexcept {
  ::rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) < 0) return last_errno();
  static_assert(RLIM_INFINITY == ~std::uint64_t{0});
  return std::uint64_t{limit.rlim_cur};
}

}  // namespace merlon::os
