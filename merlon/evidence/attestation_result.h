#pragma once

// What a verifier found, as it stands in the certificate that it issued: an EAT claims set for
// attestation results [EAR §3] in a record [CMW §3.1] in the extension id-pe-cmw [CMW §6.1]. The
// certificate's signature is what vouches for it. What is read is attacker-controlled until that
// signature was checked; texts are harmless for a terminal.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/oid.h"
#include "merlon/crypto/hash.h"
#include "merlon/evidence/evidence.h"
#include "merlon/x509/certificate.h"

namespace merlon::evidence {

/// Of the claims sets that are made and read here.
inline constexpr std::string_view ear_profile = "tag:ietf.org,2026:rats/ear#04";
inline constexpr std::string_view ear_developer = "Merlon";
inline constexpr std::string_view ear_submodule = "keep";  ///< the only one

/// id-pe-cmw
inline constexpr codec::Oid cmw_oid{1, 3, 6, 1, 5, 5, 7, 1, 35};

/// How far the verifier trusts, by its number [AR4SI §3.2].
enum class TrustTier : std::uint8_t { None = 0, Affirming = 2, Warning = 32, Contraindicated = 96 };
[[nodiscard]] std::string_view to_string(TrustTier tier) noexcept;

/// Claims of the trustworthiness vector that we make, by their numbers; 0 is none [AR4SI §3.1].
struct TrustVector {
  static constexpr std::uint8_t genuine_hardware = 2;
  static constexpr std::uint8_t unsafe_hardware = 32;  ///< genuine, with known weaknesses
  static constexpr std::uint8_t unrecognized_hardware = 97;
  static constexpr std::uint8_t approved_executables = 2;
  static constexpr std::uint8_t encrypted_memory = 2;
  static constexpr std::uint8_t visible_memory = 96;  ///< by a debugger, or there is no hardware

  std::uint8_t executables = 0;
  std::uint8_t hardware = 0;
  std::uint8_t memory = 0;  ///< runtime-opaque

  /// Of the worst claim; None if there is none at all.
  [[nodiscard]] TrustTier tier() const noexcept;
  friend bool operator==(const TrustVector&, const TrustVector&) = default;
};

/// Who vouches for the workload.
struct WorkloadSigner {
  std::string role;  ///< "MRSIGNER", "author key digest", "id key digest"
  Bytes digest;
  friend bool operator==(const WorkloadSigner&, const WorkloadSigner&) = default;
};

struct AttestationResult {
  static constexpr std::size_t max_size = 8192;
  static constexpr std::size_t max_signers = 4;
  static constexpr std::size_t max_remarks = 16;
  static constexpr std::size_t max_text_size = 256;  ///< printable ASCII
  static constexpr std::size_t max_digest_size = 64;

  std::string build;  ///< of the verifier: "merlon-steward 1.0"
  codec::UnixTime issued;
  Technology technology = Technology::Kvm;
  TrustTier status = TrustTier::None;  ///< of all together; never better than the vector's
  TrustVector vector;
  Bytes measurement;  ///< MRENCLAVE, MRTD or MEASUREMENT; empty where nothing measures
  std::vector<WorkloadSigner> signers;
  std::string tcb_status;  ///< of the platform, Intel's word; empty where there is none
  bool simulator = false;  ///< a simulated security processor's: it proves nothing
  bool debug = false;      ///< a debugger can read the workload
  /// What was delivered to the keep, sealed, by the word of the program that was measured.
  std::optional<WorkloadClaims> workload;
  crypto::Sha256Digest policy;    ///< SHA-256 of the policy's text
  crypto::Sha256Digest evidence;  ///< SHA-256 of what the keep handed over
  std::vector<std::string> remarks;

  /// The value of the extension, DER. Texts are made to fit: what is not printable ASCII becomes
  /// "?", what is beyond a bound is cut, and a status that is too good is the vector's. parse()
  /// gives the same again.
  [[nodiscard]] Bytes to_extension() const;

  /// Malformed with what is wrong; Unsupported for a message or profile of another kind; Exhausted
  /// beyond max_size. Claims that it does not know are passed over, as [EAR §4] asks.
  [[nodiscard]] static core::Result<AttestationResult> parse(core::ByteView extension);

  /// The claims set for who reads JSON, after the form that it has there [EAR §3], with our own
  /// claims under names; digests in hexadecimal. One line and its end.
  [[nodiscard]] std::string to_json() const;

  friend bool operator==(const AttestationResult&, const AttestationResult&) = default;
};

/// That of a certificate; nothing if it has none, or its message is no attestation result.
[[nodiscard]] std::optional<core::Result<AttestationResult>> attestation_result_of(
    const x509::Certificate& certificate);

}  // namespace merlon::evidence
