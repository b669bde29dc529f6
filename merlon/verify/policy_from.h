#pragma once

// A policy made from evidence that is good: what it admits beside that very evidence stands in it
// as comments, for whoever decides to widen it. Evidence and collateral are attacker-controlled,
// as for the verifier.

#include <chrono>

#include "merlon/verify/verifier.h"

namespace merlon::verify {

struct PolicyFrom {
  std::string text;  ///< TOML, as Policy::parse reads it
  /// Known weaknesses of the platform that it had to waive, for `waived_for` from now on.
  std::vector<std::string> waived;
};
inline constexpr std::chrono::hours waived_for{24 * 30};

/// Accepts `evidence` with this collateral at this moment, and was tried. The appraisal that says
/// why not where no policy of ours would be well advised to: what is not genuine, not fresh, open
/// to a debugger, or vouched for by another than the vendors.
[[nodiscard]] core::Result<PolicyFrom, Appraisal> policy_from(const evidence::Evidence& evidence,
                                                              const Collateral& collateral,
                                                              const Moment& moment);

}  // namespace merlon::verify
