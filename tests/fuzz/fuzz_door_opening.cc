// What a tenant, or anybody, says first at the door of a container.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/door/opening.h"
#include "merlon/door/terms.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const auto opening = door::decode_opening({data, size});
  if (!opening) return 0;
  constexpr std::size_t head = 16;
  const auto bytes = door::encode(*opening);
  const auto again = door::decode_opening(core::ByteView(bytes).subspan(head));
  if (!again || again->tenant != opening->tenant || again->policy != opening->policy ||
      again->leaves != opening->leaves ||
      again->request.offer.wishes != opening->request.offer.wishes) {
    std::abort();
  }
  // Terms that grant nothing grant nothing.
  const auto checked = door::check({}, *opening);
  if (checked && !opening->request.offer.wishes.empty()) std::abort();
  return 0;
}
