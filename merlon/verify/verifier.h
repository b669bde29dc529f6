#pragma once

// The verifier [RFC9334 §7.4]: one pure function. Evidence and collateral are attacker-controlled;
// policy, time and memory are the caller's. Time is bounded by the sizes that parsing lets through;
// any thread.

#include "merlon/verify/appraisal.h"
#include "merlon/verify/collateral.h"
#include "merlon/verify/policy.h"

namespace merlon::verify {

/// Makes every check of checks.def that concerns the technology, also after one has failed, and
/// says Accepted only if all were made and passed.
[[nodiscard]] Appraisal appraise(const evidence::Evidence& evidence, const Collateral& collateral,
                                 const Policy& policy, const Moment& moment);

}  // namespace merlon::verify
