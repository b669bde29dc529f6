#include "merlon/host/kvm/loader.h"

#include <cstring>

namespace merlon::host::kvm {

core::Result<void> Loader::put(image::PageKind kind, std::uint64_t address, core::ByteView bytes) {
  if (kind != image::PageKind::Normal) {
    return core::error(core::ErrorCode::Unsupported, "a kind of page that KVM does not know",
                       address);
  }
  const auto to = memory_.find(address, bytes.size());
  if (!to) return core::error(core::ErrorCode::Internal, "a page outside of the machine");
  if (!bytes.empty()) std::memcpy(to->data(), bytes.data(), bytes.size());
  return {};
}

}  // namespace merlon::host::kvm
