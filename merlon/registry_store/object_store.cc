#include "merlon/registry_store/object_store.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/crypto/random.h"

namespace merlon::registry_store {

bool is_object_name(std::string_view name) noexcept {
  constexpr std::size_t digits = 32;
  return name.size() == digits && std::ranges::all_of(name, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

ObjectName new_object_name() {
  std::array<std::uint8_t, 16> bytes{};
  MERLON_CHECK(crypto::fill_random(bytes));
  return base::hex(bytes);
}

}  // namespace merlon::registry_store
