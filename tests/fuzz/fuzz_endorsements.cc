// Any bytes as endorsements. A first line "name: …" is the name that they have as a file, or the
// address that they came from, which decides what a revocation list is of.

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "merlon/verify/collateral.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view mark = "name: ";
  merlon::core::ByteView bytes(data, size);
  std::string_view name;
  const std::string_view text = merlon::core::as_text(bytes);
  const std::size_t end = text.find('\n');
  if (text.starts_with(mark) && end != std::string_view::npos) {
    name = text.substr(mark.size(), end - mark.size());
    bytes = bytes.subspan(end + 1);
  }
  merlon::evidence::Endorsements all;
  if (!all.add(bytes, name)) return 0;
  for (const auto& list : all.vlek_lists) {
    // What is said of a list is of one that is there.
    if (std::ranges::find(all.revocation_lists, list) == all.revocation_lists.end()) std::abort();
  }
  // Whoever merges them has the same, whatever name they had.
  merlon::evidence::Endorsements merged;
  if (!merged.merge(all) || merged.vlek_lists != all.vlek_lists) std::abort();
  (void)merlon::verify::Collateral::parse(all);
  return 0;
}
