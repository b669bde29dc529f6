#include "merlon/verify/policy.h"

namespace merlon::verify {

namespace {

/// Zero stands for no key at all.
template <typename Digest>
bool names_key(const Accept<Digest>& accepted) noexcept {
  return !accepted.is_any() && std::ranges::none_of(accepted.values(), &Digest::is_zero);
}

}  // namespace

bool compares_workload(const Policy& policy, evidence::Technology technology) noexcept {
  switch (technology) {
    case evidence::Technology::Sgx:
      return !policy.sgx.mr_enclave.is_any() || !policy.sgx.mr_signer.is_any();
    case evidence::Technology::Tdx:
      // MRTD is the firmware's, which anybody has; RTMR1 and RTMR2 are of its kernel and of what
      // that is given.
      return !policy.tdx.mr_td.is_any() && !policy.tdx.rt_mr[1].is_any() &&
             !policy.tdx.rt_mr[2].is_any();
    case evidence::Technology::Snp:
      return !policy.snp.measurement.is_any() || names_key(policy.snp.id_key) ||
             names_key(policy.snp.author_key);
    case evidence::Technology::Kvm: break;
  }
  return false;
}

}  // namespace merlon::verify
