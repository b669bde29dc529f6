#pragma once

// Endorsements taken apart, once for many appraisals.

#include <vector>

#include "merlon/evidence/endorsements.h"
#include "merlon/sgx/enclave_identity.h"
#include "merlon/sgx/signed_json.h"
#include "merlon/x509/crl.h"

namespace merlon::verify {

struct TcbInfoDocument {
  sgx::SignedJson json;
  sgx::TcbInfo info;
};

struct IdentityDocument {
  sgx::SignedJson json;
  sgx::EnclaveIdentity identity;
};

/// Immutable after it is made; any number of threads may appraise with one. Nothing in it is
/// trusted: what cannot be read is left out, and then missing.
struct Collateral {
  std::vector<x509::Certificate> certificates;
  std::vector<x509::Crl> lists;
  std::vector<TcbInfoDocument> tcb_infos;
  std::vector<IdentityDocument> identities;
  std::size_t unreadable = 0;        ///< artefacts that were left out
  std::size_t unreadable_lists = 0;  ///< revocation lists among them
  x509::SignatureMemo memo;

  [[nodiscard]] static Collateral parse(const evidence::Endorsements& endorsements);

  /// As parse(), and computes the signatures that a CA or a TCB signing certificate among them may
  /// have made on another, the first 4096 of these, so that no appraisal needs to. Worth it from
  /// the second appraisal on.
  [[nodiscard]] static Collateral prepare(const evidence::Endorsements& endorsements);
};

/// The signature of a document as the other signatures are checked.
[[nodiscard]] x509::Signed signed_by(const sgx::SignedJson& json) noexcept;

}  // namespace merlon::verify
