#pragma once

// Private to the room: what the checks of a SEV-SNP report share. Each function makes the checks
// named after it, all of them, whatever has failed before.

#include "merlon/snp/endorsement.h"
#include "merlon/verify/collateral.h"
#include "merlon/verify/judge.h"
#include "merlon/verify/policy.h"
#include "merlon/x509/path_builder.h"

namespace merlon::verify::sev_snp {

struct Context {
  Judge& judge;
  const evidence::SnpEvidence& evidence;
  const Collateral& collateral;
  const Policy& policy;
  x509::PathBuilder paths;  ///< up to the root of any of AMD's products

  // Found on the way; empty where they are missing.
  x509::Path path;                                     ///< leaf, ASK or ASVK, ARK
  std::optional<snp::EndorsementExtensions> endorsed;  ///< of the leaf
  std::optional<snp::Product> product;                 ///< that layouts follow
};

/// SnpAlgorithm to SnpSignature.
void judge_chain(Context& context);
/// SnpChip to SnpProvisional.
void judge_platform(Context& context);
/// SnpBulletins.
void judge_bulletins(Context& context, snp::Product product);
/// SnpVmpl to SnpMeasurement, and claims.
void judge_guest(Context& context);

}  // namespace merlon::verify::sev_snp
