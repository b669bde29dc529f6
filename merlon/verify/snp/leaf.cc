#include "merlon/verify/snp/leaf.h"

#include <algorithm>

#include "merlon/verify/revoked.h"
#include "merlon/x509/revocation.h"

namespace merlon::verify::sev_snp {

using x509::Certificate;

namespace {

x509::Signed report_signature(const evidence::SnpEvidence& evidence) noexcept {
  return {evidence.signed_bytes, x509::SignatureAlgorithm::RawEcdsaSha384,
          evidence.report.signature.view()};
}

/// Whether it is of the chip and the versions that the report names.
bool is_about(const Certificate& leaf, const snp::Report& report) {
  const auto endorsed = snp::EndorsementExtensions::parse(views_of(leaf));
  if (!endorsed || !endorsed->product) return false;
  if (endorsed->tcb != snp::components(report.reported_tcb, *endorsed->product)) return false;
  if (!endorsed->hwid) return report.signing_key == snp::SigningKey::Vlek;
  return endorsed->hwid->size() <= report.chip_id.view().size() &&
         std::ranges::equal(report.chip_id.view().first(endorsed->hwid->size()), *endorsed->hwid);
}

/// Endorsements, those first that are about the report; of the others, which can only say what is
/// wrong, a few. A signature takes time, and there may be one certificate for each chip of a fleet.
std::vector<Leaf> candidates_for(const Context& context) {
  std::vector<Leaf> about;
  std::vector<Leaf> others;
  for (const Certificate& each : context.collateral.certificates) {
    if (!snp::is_endorsement(views_of(each))) continue;
    const bool is = is_about(each, context.evidence.report);
    (is ? about : others).push_back({&each, false, is});
  }
  constexpr std::size_t max_others = 8;
  others.resize(std::min(others.size(), max_others));
  about.insert(about.end(), others.begin(), others.end());
  return about;
}

bool is_under_revoked_ca(const Certificate& leaf, Context& context) {
  const x509::Path path = context.paths.build(leaf);
  if (path.size() != 3) return false;
  return known_revocation(path[1], path[2]).has_value() ||
         x509::judge_revocation(path[1], path[2], context.collateral.lists, context.judge.now(),
                                context.collateral.memo)
                 .state == x509::RevocationState::Revoked;
}

}  // namespace

std::vector<snp::ExtensionView> views_of(const Certificate& certificate) {
  std::vector<snp::ExtensionView> views;
  for (const x509::Extension& each : certificate.extensions()) {
    views.push_back({each.oid, each.value});
  }
  return views;
}

std::string Leaf::text() const {
  if (signed_report) return "it holds";
  if (certificate == nullptr) return "there is no VCEK or VLEK";
  if (certificate->key().key.kind() != crypto::KeyKind::P384) {
    return "the leaf's key is not on P-384";
  }
  return is_about_report
             ? "it does not hold"
             : "it does not hold: no certificate here is of this chip at these versions";
}

Leaf find_leaf(Context& context) {
  std::vector<Leaf> candidates = candidates_for(context);
  Leaf found;
  std::pair<x509::Standing, bool> found_rank{x509::Standing::None, false};
  for (Leaf& each : candidates) {
    const Certificate& certificate = *each.certificate;
    each.signed_report = certificate.key().key.kind() == crypto::KeyKind::P384 &&
                         x509::verify(certificate.key(), report_signature(context.evidence));
    if (candidates.size() == 1) return each;
    const auto standing =
        each.signed_report ? context.paths.standing_of(certificate) : x509::Standing::None;
    const std::pair rank{
        standing, standing != x509::Standing::None && !is_under_revoked_ca(certificate, context)};
    const bool better = found.certificate == nullptr ||
                        (each.signed_report && !found.signed_report) || found_rank < rank;
    if (!better) continue;
    found = each;
    found_rank = rank;
    if (rank == std::pair{x509::Standing::Current, true}) break;
  }
  return found;
}

}  // namespace merlon::verify::sev_snp
