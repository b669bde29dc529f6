// Any bytes as what a host with SGX has of Intel's word: what can be read is written as it was.
#include <algorithm>

#include "merlon/sgx/platform_collateral.h"

#include "tests/fuzz/evidence_harness.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView bytes(data, size);
  const auto read = sgx::PlatformCollateral::parse(bytes);
  if (!read) {
    fuzz::expect_no_defect(read.error());
    return 0;
  }
  const auto lists = sgx::crl_list(read->lists);
  const auto package = sgx::tcb_package(read->tcb.signers, read->tcb.tcb_info);
  const bool same =
      std::ranges::equal(lists, read->crl_list) && std::ranges::equal(package, read->tcb_package);
  if (!same) std::abort();
  const auto whole = sgx::platform_collateral(lists, package, read->identity);
  // An identity of nothing may be written or not.
  if (!read->identity.empty() && !std::ranges::equal(whole, bytes)) std::abort();
  return 0;
}
