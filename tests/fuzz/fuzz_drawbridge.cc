// What clients of a registry say: targets, queries, ranges, rules of admission, records.

#include <cstdlib>

#include "merlon/drawbridge/admission.h"
#include "merlon/drawbridge/range.h"
#include "merlon/drawbridge/target.h"
#include "merlon/registry/names.h"
#include "merlon/registry/records.h"

using namespace merlon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = core::as_text({data, size});
  if (const auto target = drawbridge::parse_target(text)) {
    std::string_view rest = target->path;
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find('/'));
      if (!registry::is_entry(name)) std::abort();
      rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    }
    if (!target->user.empty() && !registry::is_user(target->user)) std::abort();
    if (!target->tag.empty() && !registry::is_tag(target->tag)) std::abort();
  }
  static_cast<void>(drawbridge::query_value(text, "search"));
  const auto wanted = drawbridge::parse_range(text, 1000);
  if (wanted.range && (wanted.range->count == 0 || wanted.range->first >= 1000 ||
                       wanted.range->count > 1000 - wanted.range->first)) {
    std::abort();
  }
  static_cast<void>(drawbridge::names_etag(text, "\"a\""));
  static_cast<void>(drawbridge::Admission::parse(text));
  static_cast<void>(registry::parse_user(text));
  static_cast<void>(registry::parse_repository(text));
  for (const std::string_view type : {registry::tag_type, registry::signed_tag_type}) {
    static_cast<void>(registry::parse_tag(text, type));
  }
  return 0;
}
