// Any text as JSON: no object of the tree has a name twice.

#include <algorithm>
#include <string_view>
#include <vector>

#include "merlon/codec/json.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

void check(const merlon::codec::JsonValue& value) {
  std::vector<std::string_view> names(value.names().begin(), value.names().end());
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) std::abort();
  for (const auto& item : value.items()) check(item);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto document = merlon::codec::JsonDocument::parse(merlon::core::as_text({data, size}));
  if (document) check(document->root());
  return 0;
}
