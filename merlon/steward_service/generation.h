#pragma once

// All that the files of a Steward come to at one time: who signs, by which policy, with which
// endorsements, over which TLS. Immutable; when files change, another one takes its place, whole.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/evidence/endorsements.h"
#include "merlon/steward/authority.h"
#include "merlon/tls/context.h"
#include "merlon/verify/policy.h"

namespace merlon::steward_service {

/// Something in use and when it ends.
struct Expiry {
  std::string kind;  ///< "ca", "tls", "revocation_list", "tcb_info", "identity"
  std::string name;  ///< for people, one line
  codec::UnixTime at;
};

struct Generation {
  using Judge = std::function<core::Result<steward::Certified, steward::Refusal>(
      steward::RequestForm form, core::ByteView body, const verify::Moment& moment)>;

  using Admit = std::function<core::Result<steward::Admitted, steward::Refusal>(
      const credential::Request& request, const verify::Moment& moment)>;

  Judge certify;                                  ///< any thread
  Admit admit;                                    ///< the same
  evidence::Endorsements endorsements;            ///< the Steward's own
  std::shared_ptr<const verify::Collateral> own;  ///< the same, taken apart
  verify::Policy policy;
  crypto::Sha256Digest policy_sha256;
  std::string policy_digest;  ///< the same in hexadecimal
  std::string policy_file;    ///< empty: the default policy
  std::string issuer;         ///< who signs: SHA-256 of its certificate, in hexadecimal
  std::string trust;  ///< in PEM: who is to be trusted, so that this and the next one's hold
  codec::UnixTime issuer_end;
  std::vector<std::string> rules;     ///< as they are compared, each a line
  std::vector<std::string> warnings;  ///< for who runs the service, each a line
  std::vector<Expiry> expiries;       ///< the first to end first
  std::optional<tls::Context> tls;    ///< of the service itself
  bool development = false;
};

using GenerationPointer = std::shared_ptr<const Generation>;

}  // namespace merlon::steward_service
