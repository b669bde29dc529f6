// What a registry says: digests, directories, names; written again they are what was read.

#include <cstdlib>

#include "merlon/registry/directory.h"
#include "merlon/registry/names.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const std::string_view text = core::as_text(core::ByteView(data, size));
  if (const auto digest = registry::ContentDigest::parse(text)) {
    if (registry::ContentDigest::parse(digest->text()).value() != *digest) std::abort();
  }
  if (const auto slug = registry::Slug::parse(text)) {
    if (registry::Slug::parse(slug->text()).value() != *slug) std::abort();
  }
  if (const auto directory = registry::parse_directory(text)) {
    if (registry::parse_directory(registry::to_json(*directory)).value() != *directory)
      std::abort();
  }
  return 0;
}
