// What a tenant leaves with a broker, before its token's tenant is asked about it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "merlon/release/deposit.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes(data, size);
  const auto deposit = release::decode_deposit(bytes);
  if (!deposit) return 0;
  // There is one encoding of each.
  const auto again = release::encode(*deposit);
  if (!again || !std::ranges::equal(again->reveal(), bytes)) std::abort();
  const auto workload = release::checked_workload(*deposit);
  if (workload && !workload->get().message.package) std::abort();
  return 0;
}
