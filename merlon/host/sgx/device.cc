#include "merlon/host/sgx/device.h"

#include <sys/mman.h>

#include "merlon/host/sgx/vdso.h"
#include "merlon/os/fd.h"
#include "merlon/os/ioctl.h"
#include "merlon/os/open.h"

namespace merlon::host::sgx {
namespace {

/// Called by the vdso at each EEXIT; 0: the run is over.
int keep_reason(long rdi, long /*rsi*/, long /*rdx*/, long /*rsp*/, long /*r8*/, long /*r9*/,
                ::sgx_enclave_run* run) {
  run->user_data = static_cast<std::uint64_t>(rdi);
  return 0;
}

void* pointer(std::uint64_t address) noexcept {
  // SAFETY: an address of the enclave; only the kernel is told of it.
  return reinterpret_cast<void*>(address);
}

}  // namespace

os::Result<KernelDevice> KernelDevice::find() {
  void* const enter = lent_function("__vdso_sgx_enter_enclave");
  if (enter == nullptr) return os::Errno::Nosys;
  // SAFETY: the function of that name has this type [uapi asm/sgx.h].
  return KernelDevice(reinterpret_cast<::vdso_sgx_enter_enclave_t>(enter));
}

os::Result<int> KernelDevice::open() { return TRY(os::open_device("/dev/sgx_enclave")).release(); }

void KernelDevice::close(int file) noexcept { os::Fd::adopt(file).close(); }

os::Result<int> KernelDevice::control(int file, unsigned long request, core::ByteSpan structure) {
  return os::control_with(os::BorrowedFd(file), request, structure.data());
}

os::Result<void> KernelDevice::map(int file, std::uint64_t address, std::uint64_t size) {
  constexpr int flags = MAP_SHARED | MAP_FIXED_NOREPLACE;
  if (::mmap(pointer(address), size, PROT_NONE, flags, file, 0) == MAP_FAILED) {
    return os::last_errno();
  }
  return {};
}

os::Result<void> KernelDevice::protect(std::uint64_t address, std::uint64_t size, int rights) {
  if (::mprotect(pointer(address), size, rights) != 0) return os::last_errno();
  return {};
}

int KernelDevice::enter(std::uint32_t leaf, ::sgx_enclave_run& run) {
  // SAFETY: only passed on; the kernel calls it.
  run.user_handler = reinterpret_cast<std::uint64_t>(&keep_reason);
  return enter_(0, 0, 0, leaf, 0, 0, &run);
}

}  // namespace merlon::host::sgx
