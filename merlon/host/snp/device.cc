#include "merlon/host/snp/device.h"

#include <sys/mman.h>

#include "merlon/os/fd.h"
#include "merlon/os/ioctl.h"
#include "merlon/os/open.h"

namespace merlon::host::snp {

os::Result<int> KernelDevice::open(Node node) {
  return TRY(os::open_device(node == Node::Kvm ? "/dev/kvm" : "/dev/sev")).release();
}

void KernelDevice::close(int file) noexcept { os::Fd::adopt(file).close(); }

os::Result<int> KernelDevice::control(int file, unsigned long request, unsigned long number) {
  return os::control(os::BorrowedFd(file), request, number);
}

os::Result<int> KernelDevice::control_with(int file, unsigned long request,
                                           core::ByteSpan structure) {
  return os::control_with(os::BorrowedFd(file), request, structure.data());
}

os::Result<core::ByteSpan> KernelDevice::map(int file, std::size_t size) {
  void* const mapping = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapping == MAP_FAILED) return os::last_errno();
  return core::ByteSpan(static_cast<std::uint8_t*>(mapping), size);
}

void KernelDevice::unmap(core::ByteSpan mapping) noexcept {
  ::munmap(mapping.data(), mapping.size());
}

}  // namespace merlon::host::snp
