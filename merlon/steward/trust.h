#pragma once

// What an appraisal is worth to whoever reads the certificate. Pure.

#include "merlon/evidence/attestation_result.h"
#include "merlon/verify/appraisal.h"

namespace merlon::steward {

/// The claims, of evidence that was accepted. `compared`: the policy compares what runs; `debug`: a
/// debugger can read the keep.
[[nodiscard]] evidence::TrustVector trust_of(const verify::Appraisal& appraisal, bool compared,
                                             bool debug) noexcept;

/// Of the worst claim; a warning at least where nobody can say that it is the right workload.
[[nodiscard]] evidence::TrustTier status_of(const evidence::TrustVector& vector) noexcept;

}  // namespace merlon::steward
