#include "merlon/appraise/hints.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/x509/revocation.h"

namespace merlon::appraise {

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
  using enum verify::Check;
  return std::ranges::any_of(
             appraisal.findings,
             [](const Finding& finding) {
               const bool document =
                   finding.check == TcbInfoFound || finding.check == QeIdentityFound;
               const bool certificates = !finding.made && (finding.check == SnpSignatures ||
                                                           finding.check == SnpCaRevocation ||
                                                           finding.check == TcbSignerRevocation);
               const bool list = finding.got == to_string(x509::RevocationState::Unknown);
               return !finding.passed && (document || certificates || list);
             }) ||
         !missing_pck_issuer(appraisal).empty() || has_wrong_vcek(appraisal);
}

bool is_over(const Appraisal& appraisal, std::string_view document) {
  return std::ranges::any_of(appraisal.lifetimes, [&](const verify::Lifetime& each) {
    return each.what == document && each.until < appraisal.time;
  });
}

bool has_stale_endorsements(const Appraisal& appraisal) {
  using enum verify::Check;
  return std::ranges::any_of(appraisal.findings, [&](const Finding& finding) {
    if (finding.passed || !finding.made) return false;
    if (finding.check == TcbInfoFresh) return is_over(appraisal, "TCB info");
    if (finding.check == QeIdentityFresh) return is_over(appraisal, "QE identity");
    return finding.got.starts_with(to_string(x509::RevocationState::Stale));
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

std::string missing_pck_issuer(const Appraisal& appraisal) {
  const Finding* form = appraisal.find(verify::Check::PckForm);
  if (form == nullptr || form->passed) return "";
  constexpr std::string_view before = "its issuer ";
  const std::size_t start = form->got.find(before);
  const std::size_t end = form->got.find(" is neither in the quote nor", start);
  if (start == std::string::npos || end == std::string::npos) return "";
  return form->got.substr(start + before.size(), end - start - before.size());
}

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

}  // namespace merlon::appraise
