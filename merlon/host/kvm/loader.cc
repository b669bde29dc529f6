#include "merlon/host/kvm/loader.h"

#include <cstring>

namespace merlon::host::kvm {

core::Result<void> Loader::put(std::uint64_t address, core::ByteView bytes) {
  const auto to = memory_.find(address, bytes.size());
  if (!to) return core::error(core::ErrorCode::Internal, "a page outside of the machine");
  const std::size_t whole = bytes.size() & ~(image::page_size - 1);
  const bool mapped =
      whole != 0 && keep_.copy_over(bytes.first(whole), to->first(whole)).has_value();
  const std::size_t done = mapped ? whole : 0;
  if (done < bytes.size()) std::memcpy(&(*to)[done], &bytes[done], bytes.size() - done);
  return {};
}

}  // namespace merlon::host::kvm
