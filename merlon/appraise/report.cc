#include "merlon/appraise/report.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli/json.h"
#include "merlon/x509/revocation.h"

namespace merlon::appraise {

using base::concat;
using verify::Appraisal;
using verify::Finding;

namespace {

std::string padded(std::string_view text, std::size_t width) {
  return text.size() < width ? concat(text, std::string(width - text.size(), ' '))
                             : std::string(text);
}

/// A finding on one line, and what was wanted on another where it failed.
std::string finding_text(const Finding& finding, std::size_t width) {
  const verify::CheckRow& row = verify::row_of(finding.check);
  constexpr std::size_t most = 96;
  const auto shortened = [](const std::string& text) {
    return text.size() > most ? concat(std::string_view(text).substr(0, most), "…") : text;
  };
  std::string text = concat(finding.passed ? "  ✔ " : "  ✘ ", padded(row.name, width), "  ",
                            finding.passed ? shortened(finding.got) : finding.got, "\n");
  if (!finding.passed && finding.made) {
    const std::string indent(width + 6, ' ');
    text += concat(indent, "wanted: ", finding.wanted, "\n", indent, row.document, "\n");
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += concat(text.empty() ? "" : ", ", word);
  return text;
}

}  // namespace

bool lacks_endorsements(const Appraisal& appraisal) {
  using enum verify::Check;
  return std::ranges::any_of(appraisal.findings, [](const Finding& finding) {
    const bool document = finding.check == TcbInfoFound || finding.check == QeIdentityFound;
    const bool certificates = finding.check == SnpSignatures && !finding.made;
    const bool list = finding.got == to_string(x509::RevocationState::Unknown);
    return !finding.passed && (document || certificates || list);
  });
}

std::string to_text(const Head& head, const Appraisal& appraisal) {
  const std::size_t failed = appraisal.refusals().size();
  std::string text =
      concat(base::printable(head.file), ": ", head.format, ", with ", head.endorsements,
             head.endorsements == 1 ? " endorsement" : " endorsements", "\njudged for ",
             codec::to_rfc3339(appraisal.time), "\n\nFindings\n");
  std::size_t width = 0;
  for (const Finding& finding : appraisal.findings) {
    width = std::max(width, verify::row_of(finding.check).name.size());
  }
  for (const Finding& finding : appraisal.findings) text += finding_text(finding, width);
  text += "\nClaims\n";
  for (const verify::Claim& claim : appraisal.claims) {
    text += concat("  ", padded(claim.name, 20), "  ", claim.value, "\n");
  }
  if (appraisal.tcb_status) {
    text += concat("\nTCB status  ", to_string(*appraisal.tcb_status), "\n");
  }
  if (!appraisal.advisories.empty()) {
    text += concat("Advisories  ", joined(appraisal.advisories), "\n");
  }
  if (appraisal.expiry) {
    text += concat("Expires     ", codec::to_rfc3339(*appraisal.expiry), "\n");
  }
  if (lacks_endorsements(appraisal)) {
    text +=
        "\nEndorsements are missing: `merlon evidence fetch FILE DIR` gets them, --endorsements DIR "
        "takes them.\n";
  }
  text += concat(
      "\nVerdict: ", to_string(appraisal.verdict),
      failed > 0 ? concat(" (", failed, " of ", appraisal.findings.size(), " checks)") : "", "\n");
  return text;
}

namespace {

void write_findings(cli::JsonWriter& json, const Appraisal& appraisal) {
  json.key("findings");
  json.open_array();
  for (const Finding& finding : appraisal.findings) {
    const verify::CheckRow& row = verify::row_of(finding.check);
    json.open_object();
    json.key("check");
    json.text(row.name);
    json.key("document");
    json.text(row.document);
    json.key("passed");
    json.boolean(finding.passed);
    json.key("made");
    json.boolean(finding.made);
    json.key("wanted");
    json.text(finding.wanted);
    json.key("got");
    json.text(finding.got);
    json.close_object();
  }
  json.close_array();
}

void write_lifetimes(cli::JsonWriter& json, const Appraisal& appraisal) {
  json.key("lifetimes");
  json.open_array();
  for (const verify::Lifetime& each : appraisal.lifetimes) {
    json.open_object();
    json.key("what");
    json.text(each.what);
    json.key("name");
    json.text(each.name);
    json.key("from");
    json.text(codec::to_rfc3339(each.from));
    json.key("until");
    json.text(codec::to_rfc3339(each.until));
    json.close_object();
  }
  json.close_array();
}

}  // namespace

std::string to_json(const Head& head, const Appraisal& appraisal) {
  cli::JsonWriter json;
  json.open_object();
  json.key("verdict");
  json.text(to_string(appraisal.verdict));
  json.key("technology");
  json.text(to_string(appraisal.technology));
  json.key("format");
  json.text(head.format);
  json.key("time");
  json.text(codec::to_rfc3339(appraisal.time));
  json.key("expiry");
  appraisal.expiry ? json.text(codec::to_rfc3339(*appraisal.expiry)) : json.null();
  json.key("tcb_status");
  appraisal.tcb_status ? json.text(to_string(*appraisal.tcb_status)) : json.null();
  json.key("advisories");
  json.open_array();
  for (const std::string& advisory : appraisal.advisories) json.text(advisory);
  json.close_array();
  write_findings(json, appraisal);
  json.key("claims");
  json.open_object();
  for (const verify::Claim& claim : appraisal.claims) {
    json.key(claim.name);
    json.text(claim.value);
  }
  json.close_object();
  write_lifetimes(json, appraisal);
  json.close_object();
  return json.result() + "\n";
}

}  // namespace merlon::appraise
