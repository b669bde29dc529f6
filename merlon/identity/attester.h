#pragma once

// Where a keep's evidence comes from (the attesting environment of RFC 9334).

#include <vector>

#include "merlon/core/result.h"
#include "merlon/evidence/binding.h"

namespace merlon::identity {

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

  /// What the host has of the processor's certificates, in the technology's own form; may be empty.
  /// From the host: nothing here relies on it.
  [[nodiscard]] virtual std::vector<std::uint8_t> certificates() = 0;
};

}  // namespace merlon::identity
