#pragma once

// What a Steward decides: whether the key of a certification request belongs to a keep that its
// policy accepts, and the certificate that says so [RFC9334 §7.3; ENARX crates/server]. Requests
// are attacker-controlled; issuer, settings, collateral and moment are the caller's. No files, no
// network, no clock.

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/credential/request.h"
#include "merlon/crypto/private_key.h"
#include "merlon/verify/outlook.h"
#include "merlon/verify/verifier.h"

namespace merlon::steward {

using Bytes = std::vector<std::uint8_t>;

/// How requests come, and so how certificates go out.
enum class RequestForm : std::uint8_t {
  Single,  ///< application/pkcs10: one; the answer is a PkiPath, from the issuer to the leaf
  /// application/vnd.steward.pkcs10-bundle.v1: SEQUENCE OF requests; the answer is SEQUENCE {
  /// chain, issued }, each a SEQUENCE OF Certificate, in the order of the requests
  Bundle,
};

inline constexpr std::size_t max_body_size = 2U << 20U;
inline constexpr std::size_t max_requests = 16;  ///< of a bundle

/// Why no certificate is issued. Texts are for people and harmless for a terminal.
struct Refusal {
  /// What the other side can do about it.
  enum class Kind : std::uint8_t {
    Malformed,   ///< no request of the form that it says
    NoEvidence,  ///< a request without evidence
    Refused,     ///< a check says no
    TooLarge,
    NotNow,    ///< an endorsement is missing or stale that its vendor would give: ask again later
    Internal,  ///< nothing that the request is to blame for
  };
  Kind kind = Kind::Internal;
  /// Stable, for programs: the name of a check of verify/checks.def, or one of refusals.def. All of
  /// them stand in docs/errors.md.
  std::string code;
  std::string wanted;
  std::string got;
  std::size_t request = 0;  ///< which of a bundle, from 0
  /// What was found signed by the vendors until then: as genuine as if the request were granted.
  verify::Memory seen = {};
  /// The report whose VCEK is not here, where nothing but what hangs on it speaks against the
  /// request: whoever can get it may ask again then.
  std::optional<snp::Report> lacks_vcek = {};
};

/// One certificate that was issued, for the log.
struct Issuance {
  Bytes serial;
  crypto::Sha256Digest key_digest;       ///< of the SubjectPublicKeyInfo
  crypto::Sha256Digest evidence_digest;  ///< of the value of the evidence extension
  crypto::Sha256Digest policy_digest;
  evidence::Technology technology = evidence::Technology::Kvm;
  Bytes measurement;       ///< MRENCLAVE, MRTD or MEASUREMENT; empty for KVM
  std::string tcb_status;  ///< Intel's word for the platform's; empty for others
  bool simulator = false;
  codec::UnixTime not_before;
  codec::UnixTime not_after;
  /// When the first of the things that the appraisal used ends, the certificate aside.
  codec::UnixTime evidence_until;
  verify::Outlook outlook = {};  ///< of the platform; not in the log
};

struct Certified {
  Bytes body;                       ///< of the answer
  std::vector<Issuance> issuances;  ///< in the order of the requests
  verify::Memory seen;              ///< for the caller to remember before the answer leaves
};

/// Who signs.
struct Issuer {
  static constexpr std::size_t max_chain = 8;

  /// DER: the certificate of `key` first, then who issued it, and so on.
  std::vector<Bytes> chain;
  crypto::PrivateKey key;

  /// Certificates in PEM, at most `max_chain`, and a private key in PEM as Enarx's openssl recipes
  /// write them. What is wrong with them Authority::create says.
  [[nodiscard]] static core::Result<Issuer, std::string> from_pem(core::ByteView certificates,
                                                                  core::ByteView key);
};

/// A keep that may have a credential.
struct Admitted {
  crypto::Sha256Digest key_digest;  ///< of its SubjectPublicKeyInfo
  evidence::Technology technology = evidence::Technology::Kvm;
  Bytes measurement;
  bool simulator = false;
  verify::Memory seen;  ///< for the caller to remember before the answer leaves
};

struct Granted;

/// Immutable after creation; any number of threads.
class Authority {
 public:
  struct Settings {
    verify::Policy policy;
    std::string policy_source;           ///< the text that it was read from: its digest names it
    std::vector<std::string> dns_names;  ///< of every certificate; may be empty
    std::chrono::seconds lifetime = std::chrono::hours(24);
    /// Certificates begin before now, for peers whose clocks are behind.
    std::chrono::seconds backdate = std::chrono::minutes(10);
    /// Simulators that the policy names, and keeps without hardware, get certificates, which say
    /// so.
    bool development = false;
    /// Intel's early documents, by which no verdict comes about; null: there are none.
    std::shared_ptr<const verify::Collateral> early = nullptr;
    std::string build;  ///< of the program, for the results in certificates: "merlon-steward 1.0"
  };

  /// Refused with the reason, a line: a certificate that is no CA's or another key's, a chain that
  /// does not hold, a policy that binds to another thing than the request's key or that names
  /// simulators outside of development, names that are none, lifetimes of nothing.
  [[nodiscard]] static core::Result<Authority, std::string> create(Issuer issuer,
                                                                   Settings settings);

  /// One certificate for each request of `body`, or a refusal of them all. `own` are the
  /// endorsements that the Steward has by himself. Work is bounded by max_body_size, max_requests
  /// and what evidence may carry (evidence::max_carried).
  [[nodiscard]] core::Result<Certified, Refusal> certify(RequestForm form, core::ByteView body,
                                                         const verify::Collateral& own,
                                                         const verify::Moment& moment) const;

  /// Whether the keep of a request for a credential may have one: its evidence is accepted by the
  /// policy, and made for this very request (credential/request.h). What is refused, and why, is as
  /// of certify(); a keep without hardware has none, in development neither.
  [[nodiscard]] core::Result<Admitted, Refusal> admit(const credential::Request& request,
                                                      const verify::Collateral& own,
                                                      const verify::Moment& moment) const;

  /// SHA-256 of policy_source, byte for byte.
  [[nodiscard]] const crypto::Sha256Digest& policy_digest() const noexcept;
  /// DER, the signing certificate first.
  [[nodiscard]] std::span<const Bytes> chain() const noexcept;
  /// After this nothing can be issued: the first end of a certificate of the chain.
  [[nodiscard]] codec::UnixTime issuer_end() const noexcept;
  [[nodiscard]] const Settings& settings() const noexcept;
  /// What the policy compares, each a line.
  [[nodiscard]] std::span<const std::string> effective_rules() const noexcept;
  /// What whoever runs this should know, each a line: "the policy compares no measurement …".
  [[nodiscard]] std::span<const std::string> warnings() const noexcept;

 private:
  struct State;
  [[nodiscard]] core::Result<void, Refusal> issue(std::span<const Granted> granted,
                                                  RequestForm form, codec::UnixTime now,
                                                  Certified& made) const;
  explicit Authority(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

}  // namespace merlon::steward
