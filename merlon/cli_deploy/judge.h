#pragma once

// Whether a keep is what the tenant's policy wants, before anything is sealed to it.

#include <optional>

#include "merlon/cli_evidence/files.h"
#include "merlon/crypto/x25519.h"
#include "merlon/delivery/challenge.h"
#include "merlon/launch/proof.h"

namespace merlon::cli_deploy {

/// The keys of the proof, and the nonce that its evidence must have.
[[nodiscard]] verify::BindToChallenge binding_of(const launch::Proof& proof,
                                                 const delivery::Nonce& nonce);

class Judge {
 public:
  /// Reads what is judged by, before any keep is asked for: the policy that --policy names, which
  /// must compare a measurement or a signer, and endorsements.
  [[nodiscard]] static cli_evidence::Result<Judge> prepare(const cli::Arguments& arguments,
                                                           const cli::Terminal& terminal);

  /// What was found, and what it was made of.
  struct Found {
    evidence::Evidence evidence;
    verify::Collateral collateral;
    verify::Policy policy;
    verify::Appraisal appraisal;
    std::size_t endorsements = 0;
  };
  /// Judges evidence that is there: by the policy, for these keys and this nonce, for now.
  [[nodiscard]] cli_evidence::Result<Found> appraise(const launch::Proof& proof,
                                                     const verify::BindToChallenge& binding) const;

  /// The key that workloads for this keep are sealed to, after its evidence was found to hold: by
  /// the policy, else genuine, of hardware, and the very keep that this installation launches;
  /// fresh, by the nonce, and for this key. A keep without evidence is taken only with
  /// --insecure-backend, which goes with no policy, and where no attested kind of keep was asked
  /// for. Says on standard error what was found. `proof` is the host's word.
  [[nodiscard]] cli_evidence::Result<crypto::X25519PublicKey> judge(
      const launch::Proof& proof, const delivery::Nonce& nonce) const;

 private:
  Judge(const cli::Arguments& arguments, const cli::Terminal& terminal,
        std::optional<verify::Policy> policy, evidence::Endorsements endorsements) noexcept
      : arguments_(arguments),
        terminal_(terminal),
        policy_(std::move(policy)),
        endorsements_(std::move(endorsements)) {}

  [[nodiscard]] cli_evidence::Result<crypto::X25519PublicKey> without_evidence(
      const launch::Proof& proof) const;

  const cli::Arguments& arguments_;
  const cli::Terminal& terminal_;
  std::optional<verify::Policy> policy_;  ///< none: the own keep's
  evidence::Endorsements endorsements_;
};

}  // namespace merlon::cli_deploy
