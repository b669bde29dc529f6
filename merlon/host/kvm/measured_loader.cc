#include "merlon/host/kvm/measured_loader.h"

#include "merlon/image/page_tables.h"

namespace merlon::host::kvm {

core::Result<void> MeasuredLoader::put(image::PageKind kind, std::uint64_t address,
                                       core::ByteView bytes) {
  const auto filled = TRY(firmware_.update(kind, address, bytes));
  switch (kind) {
    case image::PageKind::Normal:
      // Measured as they are; this machine's memory is not encrypted.
      if (address == image::table_base) {
        return loader_.put(kind, address, image::without_privacy(bytes));
      }
      return loader_.put(kind, address, bytes);
    case image::PageKind::Zero: break;  // fresh memory is; no trial used what is laid out
    case image::PageKind::Secrets: return loader_.put(image::PageKind::Normal, address, filled);
    case image::PageKind::Cpuid:        // a machine of KVM answers CPUID by itself
    case image::PageKind::Vmsa: break;  // and its processor is given its registers otherwise
  }
  return {};
}

}  // namespace merlon::host::kvm
