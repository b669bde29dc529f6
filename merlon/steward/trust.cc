#include "merlon/steward/trust.h"

#include <algorithm>

namespace merlon::steward {

using evidence::TrustTier;
using evidence::TrustVector;

TrustVector trust_of(const verify::Appraisal& appraisal, bool compared, bool debug) noexcept {
  const bool unsafe = !appraisal.advisories.empty() ||
                      (appraisal.tcb_status && *appraisal.tcb_status != sgx::TcbStatus::UpToDate);
  TrustVector vector;
  vector.executables = compared ? TrustVector::approved_executables : std::uint8_t{0};
  vector.hardware = unsafe ? TrustVector::unsafe_hardware : TrustVector::genuine_hardware;
  vector.memory = debug ? TrustVector::visible_memory : TrustVector::encrypted_memory;
  if (appraisal.simulated) {
    vector.hardware = TrustVector::unrecognized_hardware;
    vector.memory = TrustVector::visible_memory;
  }
  return vector;
}

TrustTier status_of(const TrustVector& vector) noexcept {
  const TrustTier least = vector.executables == 0 ? TrustTier::Warning : TrustTier::None;
  return std::max(vector.tier(), least);
}

}  // namespace merlon::steward
