#include "merlon/os/errno.h"

#include <cstring>

namespace merlon::os {
namespace {

core::ErrorCode code_of(Errno number) noexcept {
  // Switched as a plain number: only some of the enumerators have a code of their own.
  switch (static_cast<int>(number)) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ESRCH:
    case ENOTDIR: return core::ErrorCode::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
    case static_cast<int>(Errno::Outside): return core::ErrorCode::Denied;
    case ENOSYS:
    case EOPNOTSUPP:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT: return core::ErrorCode::Unsupported;
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOBUFS: return core::ErrorCode::Exhausted;
    case EINVAL:
    case EBADF:
    case EFAULT: return core::ErrorCode::Internal;
    default: return core::ErrorCode::Unavailable;
  }
}

}  // namespace

std::string_view describe(Errno number) noexcept {
  if (number == Errno::Outside) return "Path leaves its directory";
  if (number == Errno::IsFifo) return "Is a FIFO";
  if (number == Errno::IsDevice) return "Is a device";
  if (number == Errno::IsSocket) return "Is a socket";
  const char* text = strerrordesc_np(static_cast<int>(number));
  return text == nullptr ? "Unknown error" : text;
}

core::Error to_error(Errno number, const char* what, core::Where where) noexcept {
  return core::Error{code_of(number), what, static_cast<std::uint64_t>(number), where};
}

}  // namespace merlon::os
