// Any text as JSON: no object of the tree has a name twice.

#include <algorithm>

#include "merlon/codec/json.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

void check(const merlon::codec::JsonValue& value) {
  auto names = value.names();
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) std::abort();
  for (const auto& item : value.items()) check(item);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = merlon::codec::JsonValue::parse(merlon::core::as_text({data, size}));
  if (value) check(*value);
  return 0;
}
