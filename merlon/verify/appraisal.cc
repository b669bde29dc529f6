#include "merlon/verify/appraisal.h"

#include <algorithm>
#include <array>

namespace merlon::verify {

namespace {

constexpr unsigned bit(evidence::Technology technology) noexcept {
  return 1U << static_cast<unsigned>(technology);
}
// NOLINTBEGIN(readability-identifier-naming): the letters of checks.def
constexpr unsigned K = bit(evidence::Technology::Kvm);
constexpr unsigned S = bit(evidence::Technology::Sgx);
constexpr unsigned T = bit(evidence::Technology::Tdx);
constexpr unsigned N = bit(evidence::Technology::Snp);
// NOLINTEND(readability-identifier-naming)

constexpr auto rows = std::array{
#define MERLON_CHECK_ROW(id, name, technologies, document, holds) \
  CheckRow{Check::id, name, technologies, document, holds},
#include "merlon/verify/checks.def"
#undef MERLON_CHECK_ROW
};

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::Refused: return "refused";
    case Verdict::Accepted: return "accepted";
  }
  return "refused";
}

std::span<const CheckRow> all_checks() noexcept { return rows; }

const CheckRow& row_of(Check check) noexcept {
  MERLON_CHECK(static_cast<std::size_t>(check) < rows.size());
  return rows[static_cast<std::size_t>(check)];
}

bool concerns(const CheckRow& row, evidence::Technology technology) noexcept {
  return (row.technologies & bit(technology)) != 0;
}

const Finding* Appraisal::find(Check check) const noexcept {
  const auto found = std::ranges::find(findings, check, &Finding::check);
  return found == findings.end() ? nullptr : &*found;
}

std::vector<Check> Appraisal::refusals() const {
  std::vector<Check> failed;
  for (const Finding& finding : findings) {
    if (!finding.passed) failed.push_back(finding.check);
  }
  return failed;
}

}  // namespace merlon::verify
