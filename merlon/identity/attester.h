#pragma once

// Where a keep's evidence comes from (the attesting environment of RFC 9334).

#include <vector>

#include "merlon/core/result.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/evidence/binding.h"

namespace merlon::identity {

/// What a key of the platform's is of, beside the keep's measurement and policy. Public, and bound
/// to nothing by itself: other versions give another key, and that is all.
struct KeyVersions {
  using Tcb = core::FixedBytes<struct PlatformTcbTag, 16>;

  std::uint32_t svn = 0;     ///< of the keep, by its owner's signature
  Tcb tcb;                   ///< of the platform, each byte a version that only rises; rest zero
  std::uint64_t fields = 0;  ///< what the technology was told to mix into the key

  friend bool operator==(const KeyVersions&, const KeyVersions&) = default;
};

class Attester {
 public:
  virtual ~Attester() = default;

  [[nodiscard]] virtual evidence::Technology technology() const noexcept = 0;

  /// Evidence that holds `data`, as the processor has signed it. What comes back has been compared
  /// with what was asked for; whether it is genuine is the verifier's business.
  [[nodiscard]] virtual core::Result<std::vector<std::uint8_t>> evidence_for(
      const evidence::ReportData& data) = 0;

  /// What the launch of this keep was measured as, of evidence that evidence_for() gave.
  [[nodiscard]] virtual core::Result<std::vector<std::uint8_t>> measurement_of(
      core::ByteView evidence) const = 0;

  /// The newest versions that platform_key() can be asked for now: what a new seal is made under.
  /// Unsupported: the platform gives no keys.
  [[nodiscard]] virtual core::Result<KeyVersions> newest_key_versions() {
    return core::error(core::ErrorCode::Unsupported, "this platform gives no keys");
  }

  /// 32 bytes that this very machine gives to this very keep, as it was measured, of these
  /// versions; the same after a restart. Not to be used as a key: a keep derives one for each
  /// purpose.
  ///
  /// Errors: Denied (versions above the keep's own or the platform's; or a channel that has ended)
  /// · Unsupported (the platform gives no keys, or not of these fields) · Unavailable (not now).
  [[nodiscard]] virtual core::Result<crypto::SecretBytes> platform_key(
      const KeyVersions& /*versions*/) {
    return core::error(core::ErrorCode::Unsupported, "this platform gives no keys");
  }

  /// What the host has of the processor's certificates, in the technology's own form; may be empty.
  /// From the host: nothing here relies on it.
  [[nodiscard]] virtual std::vector<std::uint8_t> certificates() = 0;
};

}  // namespace merlon::identity
