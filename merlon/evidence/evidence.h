#pragma once

// Evidence as it arrives. Input is attacker-controlled; parsing is linear and bounded. What comes
// out says what is claimed, not that it is so: see verify.

#include <memory>
#include <optional>
#include <variant>

#include "merlon/crypto/hash.h"
#include "merlon/evidence/endorsements.h"
#include "merlon/sgx/quote.h"
#include "merlon/snp/report.h"
#include "merlon/tdx/td_report.h"
#include "merlon/x509/csr.h"

namespace merlon::evidence {

inline constexpr std::size_t max_evidence_size = 2U << 20U;
inline constexpr std::size_t max_carried = 64;  ///< endorsements that come along

enum class Technology : std::uint8_t { Kvm, Sgx, Tdx, Snp };
[[nodiscard]] std::string_view to_string(Technology technology) noexcept;

/// A keep without hardware behind it: it proves nothing.
struct KvmEvidence {};

struct SgxEvidence {
  sgx::Quote quote;
  sgx::ReportBody report;
};

struct TdxEvidence {
  sgx::Quote quote;
  tdx::TdReport report;
};

struct SnpEvidence {
  snp::Report report;
  Bytes signed_bytes;  ///< the first 672 of the report
};

/// The key for which a certification request carries evidence.
struct RequestedKey {
  Bytes spki;           ///< DER SubjectPublicKeyInfo
  bool proven = false;  ///< the request is signed by it
};

/// What a keep was delivered, by its own word (workload_claims.h).
struct WorkloadClaims {
  crypto::Sha256Digest tenant;         ///< of the DER SubjectPublicKeyInfo of who sealed it
  crypto::Sha256Digest module;         ///< of the WebAssembly module
  crypto::Sha256Digest configuration;  ///< of the launch message that came with it
  friend bool operator==(const WorkloadClaims&, const WorkloadClaims&) = default;
};

struct Evidence {
  std::variant<KvmEvidence, SgxEvidence, TdxEvidence, SnpEvidence> report;
  Endorsements endorsements;        ///< that came along
  std::optional<RequestedKey> key;  ///< of a certification request
  /// Of a certification request: no part of what the processor has signed, but of what the key has
  /// that it speaks for.
  std::optional<WorkloadClaims> workload;
  std::string_view format;  ///< "DCAP quote version 4"; static
  /// What was taken off, the outermost first: "JSON", "base 64"; names of wrapping.h.
  std::vector<std::string_view> wrappings;
  std::vector<std::string> notes;  ///< for people, each a line: what came along and is not judged

  /// Finds out the format by itself, below up to six wrappings. Malformed; Unsupported with the
  /// name of what is known but not supported, or vouches for evidence and is none; Exhausted above
  /// 2 MiB, or if more than 64 endorsements come along.
  [[nodiscard]] static core::Result<Evidence> parse(core::ByteView bytes);

  /// That of a certification request, in Enarx's form, as parse() takes it. `proven`: whether the
  /// caller found the request signed by its key, which takes time.
  [[nodiscard]] static core::Result<Evidence> of_request(const x509::CertificateRequest& request,
                                                         bool proven);

  [[nodiscard]] Technology technology() const noexcept;
  /// "JSON, base 64: DCAP quote version 4"
  [[nodiscard]] std::string described() const;
};

/// Whether `bytes` begin as what vouches for evidence: a certificate or revocation list in DER or
/// PEM, or a document of Intel's. They may be damaged behind that.
[[nodiscard]] bool is_shaped_as_endorsement(core::ByteView bytes);

}  // namespace merlon::evidence
