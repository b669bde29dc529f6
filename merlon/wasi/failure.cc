#include "merlon/wasi/failure.h"

namespace merlon::wasi {

Errno to_errno(os::Errno number) noexcept {
  // Every enumerator of os::Errno has a namesake in the witx; a new one without breaks this build.
  switch (number) {
#define MERLON_OS_ERRNO(name, constant) \
  case os::Errno::name: return Errno::name;
#include "merlon/os/errno.def"
#undef MERLON_OS_ERRNO
    case os::Errno::Outside: return Errno::Notcapable;
    case os::Errno::IsFifo:  // of files that are opened for merlon itself
    case os::Errno::IsDevice:
    case os::Errno::IsSocket: return Errno::Io;
  }
  return Errno::Io;
}

std::string_view to_string(Errno number) noexcept {
  switch (number) {
#define MERLON_WASI_ERRNO(name, value, text) \
  case Errno::name: return text;
#include "merlon/wasi/errno.def"
#undef MERLON_WASI_ERRNO
  }
  return "unknown";
}

std::string_view describe(Errno number) noexcept {
  switch (static_cast<std::uint32_t>(number)) {
#define MERLON_OS_ERRNO(name, constant) \
  case static_cast<std::uint32_t>(Errno::name): return os::describe(os::Errno::name);
#include "merlon/os/errno.def"
#undef MERLON_OS_ERRNO
    default: return to_string(number);  // WASI's own: success, notcapable
  }
}

}  // namespace merlon::wasi
