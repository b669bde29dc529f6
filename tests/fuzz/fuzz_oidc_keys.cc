// Key sets and discovery documents of issuers: bounded, and every key that is taken is found again.

#include <cstdlib>

#include "merlon/oidc/discovery.h"
#include "merlon/oidc/key_set.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon::oidc;
  const std::string_view text = merlon::core::as_text({data, size});
  static_cast<void>(parse_discovery(text, "https://i.example"));
  const auto set = KeySet::parse(text);
  if (!set) return 0;
  if (set->keys().size() > KeySet::max_keys) std::abort();
  for (const SigningKey& each : set->keys()) {
    const SigningKey* const found = set->find(each.id(), each.algorithm());
    if (found != nullptr && each.id() && found->id() != each.id()) std::abort();
    if (each.verify({data, size}, {data, size < 64 ? size : 64})) std::abort();
  }
  return 0;
}
