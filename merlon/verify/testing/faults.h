#pragma once

// For tests: things wrong with evidence or at odds with a policy, one at a time, with everything
// else signed anew, and which checks must fail of it.

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "merlon/verify/testing/fake_amd.h"
#include "merlon/verify/testing/fake_intel.h"

namespace merlon::verify::testing {

template <typename Fake>
struct Fault {
  std::string name;
  std::function<void(Fake&, Policy&)> make;
  std::set<Check> refused;
};

/// Of SGX and TDX alike.
[[nodiscard]] const std::vector<Fault<FakeIntel>>& dcap_faults();
[[nodiscard]] const std::vector<Fault<FakeIntel>>& sgx_faults();
[[nodiscard]] const std::vector<Fault<FakeIntel>>& tdx_faults();
/// Of a VCEK's report.
[[nodiscard]] const std::vector<Fault<FakeAmd>>& snp_faults();
[[nodiscard]] const std::vector<Fault<FakeAmd>>& vlek_faults();

/// All its bytes the same.
template <typename T>
[[nodiscard]] T filled(std::uint8_t byte) {
  return T::from(Bytes(T::size, byte)).value();
}

}  // namespace merlon::verify::testing
