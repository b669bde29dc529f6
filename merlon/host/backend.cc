#include "merlon/host/backend.h"

#include <linux/kvm.h>

#include "merlon/os/ioctl.h"
#include "merlon/os/open.h"

namespace merlon::host {

namespace {

/// Whether this user can make a machine. Some hosts have the device and refuse every machine.
bool has_kvm() noexcept {
  const auto device = os::open_device("/dev/kvm");
  if (!device) return false;
  const auto machine = os::control(*device, KVM_CREATE_VM);
  if (!machine) return false;
  static_cast<void>(os::Fd::adopt(*machine));
  return true;
}

}  // namespace

Backend strongest_backend() noexcept { return has_kvm() ? Backend::Kvm : Backend::Nil; }

}  // namespace merlon::host
