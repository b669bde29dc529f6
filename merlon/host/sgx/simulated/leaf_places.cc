#include "merlon/host/sgx/simulated/leaf_places.h"

#include <algorithm>
#include <array>

#include "merlon/host/sgx/simulated/code.h"

namespace merlon::host::sgx::simulated {
namespace {

constexpr std::array<std::uint8_t, size_of_enclu> enclu{0x0f, 0x01, 0xd7};

/// The loop around an ENCLU. Its labels are its first byte and what follows.
constexpr std::array<std::uint8_t, 5> before{0xb8, 5, 0, 0, 0};  // mov $5, %eax
constexpr std::array<std::uint8_t, 14> behind{
    0x74, 12,                                  // jz, out of it
    0x48, 0x81, 0xc1, 0x00, 0x10, 0x00, 0x00,  // add $4096, %rcx
    0x48, 0x39, 0xd1,                          // cmp %rdx, %rcx
    0x72, 0xea,                                // jb, to its beginning
};

bool is_row(core::ByteView code, std::size_t at) noexcept {
  return at >= before.size() && code.size() - at >= size_of_enclu + behind.size() &&
         std::ranges::equal(code.subspan(at - before.size(), before.size()), before) &&
         std::ranges::equal(code.subspan(at + size_of_enclu, behind.size()), behind);
}

}  // namespace

void LeafPlaces::look_for(std::uint64_t address, core::ByteView code) {
  for (std::size_t at = 0; at + size_of_enclu <= code.size(); ++at) {
    if (!std::ranges::equal(code.subspan(at, size_of_enclu), enclu)) continue;
    places_.insert(address + at);
    if (is_row(code, at)) rows_.insert(address + at);
  }
}

os::Result<void> LeafPlaces::hide_all() {
  for (const std::uint64_t address : places_) TRY(put_code(address, halt));
  return {};
}

}  // namespace merlon::host::sgx::simulated
