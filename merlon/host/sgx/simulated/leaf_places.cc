#include "merlon/host/sgx/simulated/leaf_places.h"

#include <algorithm>
#include <array>

#include "merlon/host/sgx/simulated/code.h"

namespace merlon::host::sgx::simulated {

void LeafPlaces::look_for(std::uint64_t address, core::ByteView code) {
  constexpr auto enclu = std::array<std::uint8_t, size_of_enclu>{0x0f, 0x01, 0xd7};
  for (std::size_t at = 0; at + size_of_enclu <= code.size(); ++at) {
    if (std::ranges::equal(code.subspan(at, size_of_enclu), enclu)) places_.insert(address + at);
  }
}

os::Result<void> LeafPlaces::hide_all() {
  for (const std::uint64_t address : places_) TRY(put_code(address, halt));
  return {};
}

}  // namespace merlon::host::sgx::simulated
