#pragma once

// What a verifier says [RFC9334 §8.4]: a verdict, and every reason for it.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/core/bytes.h"
#include "merlon/evidence/evidence.h"
#include "merlon/sgx/tcb_status.h"
#include "merlon/verify/moment.h"

namespace merlon::verify {

/// Refused is zero, so that a verdict that nobody sets is a refusal.
enum class Verdict : std::uint8_t { Refused, Accepted };
[[nodiscard]] std::string_view to_string(Verdict verdict) noexcept;

/// The rows of checks.def.
enum class Check : std::uint8_t {
#define MERLON_CHECK_ROW(id, name, technologies, document, holds) id,
#include "merlon/verify/checks.def"
#undef MERLON_CHECK_ROW
};

/// What is known of a check before anything is judged.
struct CheckRow {
  Check check;
  std::string_view name;      ///< "snp.debug"; stable, for programs
  unsigned technologies;      ///< a bit for each evidence::Technology that it concerns
  std::string_view document;  ///< "SNP-ABI §4.3 DEBUG"; keys stand in docs/specs.md
  std::string_view holds;     ///< what it asks for, as a sentence
};
[[nodiscard]] std::span<const CheckRow> all_checks() noexcept;
[[nodiscard]] const CheckRow& row_of(Check check) noexcept;
[[nodiscard]] bool concerns(const CheckRow& row, evidence::Technology technology) noexcept;

/// What a refusal is due to, as far as whoever asks can do something about it.
enum class Cause : std::uint8_t {
  Other,
  MissingEndorsement,  ///< that the vendor would give
  StaleEndorsement,    ///< the vendor may have a newer one
};

/// One check that was made. Texts are for people and harmless for a terminal.
struct Finding {
  Check check = Check::Technology;
  bool passed = false;
  bool made = false;  ///< false: it could not be made without what another check misses
  std::string wanted;
  std::string got;
  Cause cause = Cause::Other;
  /// Where a policy could accept what was found: the lines of TOML that it would need.
  std::string to_accept = {};
};

/// One thing that the evidence says, to be believed only if the verdict is Accepted.
struct Claim {
  std::string name;  ///< "measurement"
  std::string value;
};

/// From when to when something that was used counts.
struct Lifetime {
  std::string what;  ///< "PCK certificate"
  std::string name;  ///< its subject or identifier
  codec::UnixTime from;
  codec::UnixTime until;
  bool is_certificate = false;
};

/// A level of TCB info as it was compared, for people.
struct TcbRow {
  std::string status;
  std::string date;
  std::string versions;
  std::vector<std::string> advisories;
  bool reached = false;
  bool taken = false;  ///< the first that is reached
};

struct Appraisal {
  Verdict verdict = Verdict::Refused;
  evidence::Technology technology = evidence::Technology::Kvm;
  /// What vouches for it is a simulator's: it proves nothing, whatever a policy accepts.
  bool simulated = false;
  codec::UnixTime time;
  std::vector<Finding> findings;  ///< in the order of checks.def
  std::vector<Claim> claims;
  std::optional<sgx::TcbStatus> tcb_status;  ///< converged; SGX and TDX
  std::vector<std::string> advisories;       ///< open ones; of AMD's, those that the policy waives
  std::vector<Lifetime> lifetimes;
  std::vector<TcbRow> tcb_levels;
  std::string missing_issuer;  ///< of a quote's certificates: who is in neither quote nor bag
  std::vector<std::string>
      warnings;  ///< what is no reason to refuse and must be known all the same
  Memory seen;   ///< what was found signed by the vendors, if refused too; the caller keeps it
  /// When the first of the things used ends; the verdict must not be kept longer.
  std::optional<codec::UnixTime> expiry;

  [[nodiscard]] bool accepted() const noexcept { return verdict == Verdict::Accepted; }
  /// The finding of this check; null if it was not made.
  [[nodiscard]] const Finding* find(Check check) const noexcept;
  /// Checks that did not pass.
  [[nodiscard]] std::vector<Check> refusals() const;
};

}  // namespace merlon::verify
