#pragma once

// Private to the room: what requests ask for and whether they get it, before anything is signed.

#include <span>

#include "merlon/evidence/attestation_result.h"
#include "merlon/steward/authority.h"
#include "merlon/x509/csr.h"

namespace merlon::steward {

/// A request that is granted.
struct Granted {
  Bytes spki;
  bool kvm = false;  ///< a keep without hardware
  evidence::AttestationResult result;
  codec::UnixTime until;  ///< when the first thing that was used ends
  verify::Outlook outlook = {};
};

/// What a body's requests are judged by; borrowed.
struct Judging {
  const Authority::Settings& settings;
  const crypto::Sha256Digest& policy_digest;
  const verify::Collateral& own;
  const verify::Moment& moment;
};

/// The requests of a body, each a whole CertificationRequest in DER; borrowed.
[[nodiscard]] core::Result<std::vector<core::ByteView>, Refusal> split(RequestForm form,
                                                                       core::ByteView body);

/// All of `requests`, in their order, or the refusal of the first that is refused. A request that
/// is there twice is judged once. `seen` grows by what the appraisals saw.
[[nodiscard]] core::Result<std::vector<Granted>, Refusal> judge(
    std::span<const core::ByteView> requests, const Judging& judging, verify::Memory& seen);

}  // namespace merlon::steward
