// What registries answer: read or refused, and what was read makes sense.

#include <cstdlib>

#include "merlon/registry/names.h"
#include "merlon/registry_client/answers.h"

using namespace merlon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = core::as_text({data, size});
  for (const std::string_view type : {registry::tag_type, registry::signed_tag_type}) {
    const auto entry = registry_client::parse_tag_entry(type, text);
    if (entry && entry->root.digest.empty()) std::abort();
  }
  if (const auto tags = registry_client::parse_tags(text)) {
    for (const std::string& each : *tags) {
      if (!registry::is_tag(each)) std::abort();
    }
  }
  if (const auto page = registry_client::parse_repositories(text)) {
    for (const auto& each : page->items) {
      if (!registry_client::is_repository_name(each.name)) std::abort();
    }
  }
  if (const auto versions = registry_client::parse_versions(text)) {
    for (const auto& each : *versions) {
      if (!registry::is_tag(each.tag) || each.digest.size() != 64) std::abort();
    }
  }
  static_cast<void>(registry_client::parse_issued_token(text));
  static_cast<void>(registry_client::parse_token_list(text));
  static_cast<void>(registry_client::parse_user(text));
  static_cast<void>(registry_client::parse_repository(text));
  return 0;
}
