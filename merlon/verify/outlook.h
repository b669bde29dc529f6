#pragma once

// How long a platform that is accepted will be. A vendor's TCB recovery refuses platforms that were
// good the day before: Intel gives its newer documents on a channel of their own (update=early)
// weeks before everybody gets them, and a waiver of a policy has a last day. Whoever looks at both
// is not surprised. Evidence and collateral are attacker-controlled, as for the verifier.

#include "merlon/verify/verifier.h"

namespace merlon::verify {

/// A security version that is lower than it will have to be.
struct Shortfall {
  std::string what;  ///< "SGX component 1", "PCESVN"
  unsigned has = 0;
  unsigned wants = 0;
  std::string raised_by;  ///< "BIOS, Early Microcode Update"; Intel's words
};

struct Outlook {
  std::string kind;       ///< "SGX 00a067110000", "SEV-SNP Milan"
  std::string machine;    ///< PPID or CHIP_ID; empty: it is not told
  bool accepted = false;  ///< now
  /// When it may be refused at the earliest; nothing: nothing says that it will be.
  std::optional<codec::UnixTime> refused_from;
  std::vector<std::string> reasons;  ///< each a line; of a refusal now, if it is refused
  std::vector<Shortfall> shortfalls;
};

/// `now` is the appraisal of `evidence` with `own` by `policy` at `moment`. `early` has Intel's
/// early documents, and may have nothing; it counts for no verdict.
[[nodiscard]] Outlook outlook(const evidence::Evidence& evidence, const Appraisal& now,
                              const Collateral& own, const Collateral& early, const Policy& policy,
                              const Moment& moment);

}  // namespace merlon::verify
