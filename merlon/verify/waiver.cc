// Which waivers of a policy still count.

#include "merlon/verify/policy.h"

namespace merlon::verify {

const Waiver* find_waiver(std::span<const Waiver> waivers, std::string_view name,
                          codec::UnixTime now) noexcept {
  const Waiver* found = nullptr;
  for (const Waiver& each : waivers) {
    const bool counts = each.name == name && now <= each.until;
    if (counts && (found == nullptr || found->until < each.until)) found = &each;
  }
  return found;
}

}  // namespace merlon::verify
