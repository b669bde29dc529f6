#include "merlon/report/hints.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::report {

using base::concat;
using verify::Appraisal;
using verify::Finding;

namespace {

/// As a shell takes it.
std::string shell_word(const std::string& text) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=:@%,";
  if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : base::printable(text, text.size() * 4)) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

/// Whether the VCEK that is here is another chip's, or of other versions.
bool has_wrong_vcek(const Appraisal& appraisal) {
  using enum verify::Check;
  const auto failed = [&](verify::Check check) {
    const Finding* finding = appraisal.find(check);
    return finding != nullptr && finding->made && !finding->passed;
  };
  const bool vcek = std::ranges::find(appraisal.lifetimes, "VCEK", &verify::Lifetime::what) !=
                    appraisal.lifetimes.end();
  return vcek && failed(SnpSignature) && (failed(SnpChip) || failed(SnpEndorsedTcb));
}

/// Whether what was not there could be had from the vendors.
bool lacks_endorsements(const Appraisal& appraisal) {
  return std::ranges::any_of(appraisal.findings,
                             [](const Finding& finding) {
                               return !finding.passed &&
                                      finding.cause == verify::Cause::MissingEndorsement;
                             }) ||
         has_wrong_vcek(appraisal);
}

bool has_stale_endorsements(const Appraisal& appraisal) {
  return std::ranges::any_of(appraisal.findings, [](const Finding& finding) {
    return !finding.passed && finding.cause == verify::Cause::StaleEndorsement;
  });
}

bool lacks_vlek(const evidence::Evidence& evidence, const Appraisal& appraisal) {
  const auto* snp = std::get_if<evidence::SnpEvidence>(&evidence.report);
  return snp != nullptr && snp->report.signing_key == snp::SigningKey::Vlek &&
         std::ranges::find(appraisal.lifetimes, "VLEK", &verify::Lifetime::what) ==
             appraisal.lifetimes.end();
}

std::string fetch_command(const Asked& asked, const evidence::Evidence& evidence) {
  const auto* snp = std::get_if<evidence::SnpEvidence>(&evidence.report);
  return concat("merlon evidence fetch ", shell_word(asked.file), " ",
                asked.directory.empty() ? "DIR" : shell_word(asked.directory),
                snp != nullptr && !snp->report.cpuid ? " --product Milan|Genoa|Turin" : "");
}

}  // namespace

std::vector<Hint> hints(const Asked& asked, const evidence::Evidence& evidence,
                        const Appraisal& appraisal) {
  std::vector<Hint> all;
  const bool missing = lacks_endorsements(appraisal);
  // What is stale at another time than now may be the newest there is.
  const bool stale = asked.for_now && has_stale_endorsements(appraisal);
  const std::string after =
      asked.directory.empty() ? ", --endorsements DIR takes them." : std::string(".");
  if (missing) {
    all.push_back({concat("Endorsements are missing", stale ? " or stale" : "", ": "),
                   fetch_command(asked, evidence), " gets them" + after});
  } else if (stale) {
    all.push_back(
        {"Endorsements are stale: ", fetch_command(asked, evidence), " gets newer ones" + after});
  }
  if (lacks_vlek(evidence, appraisal)) {
    all.push_back(
        {"The report asks for a VLEK, and none is here: a VLEK comes from the cloud provider.", "",
         ""});
  }
  return all;
}

}  // namespace merlon::report
