#include "merlon/sealed/wanted.h"

#include <algorithm>

namespace merlon::sealed {

bool is_volume_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= max_volume_name_size &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

bool Versions::at_least(const Versions& floor, TcbOrder order) const noexcept {
  if (svn < floor.svn) return false;
  if (order == TcbOrder::ByProcessor) return floor.tcb.is_zero() || tcb == floor.tcb;
  for (std::size_t i = 0; i < Tcb::size; ++i) {
    if (tcb.view()[i] < floor.tcb.view()[i]) return false;
  }
  return true;
}

core::Result<crypto::SecretBytes> NoPlatformKeys::key(const Versions& versions) {
  if (versions != Versions{}) {
    return core::error(core::ErrorCode::Denied, "versions that nothing attests");
  }
  const auto key = crypto::sha256({core::as_bytes("merlon/sealed/root-none/1")});
  return crypto::SecretBytes({key.view().begin(), key.view().end()});
}

}  // namespace merlon::sealed
