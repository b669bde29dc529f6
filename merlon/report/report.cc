#include "merlon/report/report.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/base/version.h"
#include "merlon/codec/json_writer.h"

namespace merlon::report {

using base::concat;
using verify::Appraisal;
using verify::Finding;

namespace {

std::string padded(std::string_view text, std::size_t width) {
  return text.size() < width ? concat(text, std::string(width - text.size(), ' '))
                             : std::string(text);
}

/// Text as a terminal is to show it.
class Painter {
 public:
  explicit Painter(const TextLook& look) : look_(look) {}

  [[nodiscard]] std::string in_colour_of(bool passed, std::string_view text) const {
    if (!look_.colours) return std::string(text);
    return concat(passed ? "\x1b[32m" : "\x1b[31m", text, "\x1b[0m");
  }

  /// No more of `text` than fits behind `before` columns.
  [[nodiscard]] std::string_view cut(std::string_view text, std::size_t before) const {
    constexpr std::size_t least = 16;
    if (!look_.width) return text;
    const std::size_t room = std::max(*look_.width, before + least) - before;
    std::size_t columns = 0;
    std::size_t end = 0;  // of all but the last column
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool inside = (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U;
      if (inside) continue;  // of a character of several bytes
      if (columns == room - 1) end = i;
      ++columns;
    }
    return columns > room ? text.substr(0, end) : text;
  }

 private:
  const TextLook& look_;
};

/// The lines of a policy under which the finding would pass.
std::string to_accept_text(const Finding& finding, std::string_view indent) {
  if (finding.to_accept.empty()) return "";
  std::string text = concat(indent, "to accept it, in the policy:\n", indent, "  ");
  for (const char c : finding.to_accept) {
    text += c;
    if (c == '\n') text += concat(indent, "  ");
  }
  return text + "\n";
}

/// A finding on one line, and what was wanted on another where it failed.
std::string finding_text(const Finding& finding, std::size_t width, const Painter& painter) {
  const verify::CheckRow& row = verify::row_of(finding.check);
  const std::string_view got =
      finding.passed ? painter.cut(finding.got, width + 6) : std::string_view(finding.got);
  std::string text =
      concat("  ", painter.in_colour_of(finding.passed, finding.passed ? "✔" : "✘"), " ",
             padded(row.name, width), "  ", got, got.size() < finding.got.size() ? "…" : "", "\n");
  if (!finding.passed && finding.made) {
    const std::string indent(width + 6, ' ');
    text += concat(indent, "wanted: ", finding.wanted, "\n", indent, row.document, "\n");
    text += to_accept_text(finding, indent);
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += concat(text.empty() ? "" : ", ", word);
  return text;
}

}  // namespace

std::string wrappings_text(std::span<const std::string_view> wrappings) {
  std::string text;
  for (const std::string_view each : wrappings) text += concat(each, ": ");
  return text;
}

void write_wrappings(codec::JsonWriter& json, std::span<const std::string_view> wrappings) {
  json.key("wrappings");
  json.open_array();
  for (const std::string_view each : wrappings) json.text(each);
  json.close_array();
}

std::string policy_text(const Head& head) {
  if (head.policy_file.empty()) return "by the default policy: any workload";
  const bool steward = head.policy_form == verify::PolicyForm::Steward;
  return concat(steward ? "by the Steward's configuration " : "by policy ",
                base::printable(head.policy_file));
}

namespace {

std::string findings_text(const Appraisal& appraisal, const Painter& painter, bool only_failures) {
  if (only_failures && appraisal.refusals().empty()) return "";
  std::string text = "\nFindings\n";
  std::size_t width = 0;
  for (const Finding& finding : appraisal.findings) {
    width = std::max(width, verify::row_of(finding.check).name.size());
  }
  for (const Finding& finding : appraisal.findings) {
    if (!only_failures || !finding.passed) text += finding_text(finding, width, painter);
  }
  return text;
}

std::string warnings_text(const Appraisal& appraisal) {
  std::string text = appraisal.warnings.empty() ? "" : "\nWarnings\n";
  for (const std::string& warning : appraisal.warnings) text += concat("  ! ", warning, "\n");
  return text;
}

std::string claims_text(const Appraisal& appraisal) {
  std::string text = appraisal.accepted() ? "\nClaims\n" : "\nClaims, not to be believed\n";
  for (const verify::Claim& claim : appraisal.claims) {
    text += concat("  ", padded(claim.name, 20), "  ", claim.value, "\n");
  }
  return text;
}

std::string hints_text(const std::vector<Hint>& hints) {
  std::string text = hints.empty() ? "" : "\n";
  for (const Hint& hint : hints) {
    const std::string_view mark = hint.command.empty() ? "" : "`";
    text += concat(hint.before, mark, hint.command, mark, hint.after, "\n");
  }
  return text;
}

}  // namespace

std::string to_text(const Head& head, const Appraisal& appraisal, const TextLook& look) {
  const Painter painter(look);
  const std::size_t failed = appraisal.refusals().size();
  std::string text = concat(
      base::printable(head.file), ": ", wrappings_text(head.wrappings), head.format, ", with ",
      head.endorsements, head.endorsements == 1 ? " endorsement" : " endorsements",
      head.passed_over == 0 ? std::string()
                            : concat(" (", head.passed_over,
                                     head.passed_over == 1 ? " file" : " files", " passed over)"),
      "\njudged for ", codec::to_rfc3339(appraisal.time), "\n", policy_text(head), "\n");
  text += findings_text(appraisal, painter, look.only_failures);
  if (!look.only_failures) text += claims_text(appraisal);
  if (appraisal.tcb_status) {
    text += concat("\nTCB status  ", to_string(*appraisal.tcb_status), "\n");
  }
  if (!appraisal.advisories.empty()) {
    text += concat("Advisories  ", joined(appraisal.advisories), "\n");
  }
  // A no has no end that anybody could wait for.
  if (appraisal.expiry && appraisal.accepted()) {
    text += concat("Expires     ", codec::to_rfc3339(*appraisal.expiry), "\n");
  }
  text += warnings_text(appraisal);
  text += hints_text(head.hints);
  text += concat(
      "\nVerdict: ", painter.in_colour_of(appraisal.accepted(), to_string(appraisal.verdict)),
      failed > 0 ? concat(" (", failed, " of ", appraisal.findings.size(), " checks)") : "", "\n");
  return text;
}

namespace {

void write_findings(codec::JsonWriter& json, const Appraisal& appraisal) {
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
    json.key("to_accept");
    finding.to_accept.empty() ? json.null() : json.text(finding.to_accept);
    json.close_object();
  }
  json.close_array();
}

void write_lifetimes(codec::JsonWriter& json, const Appraisal& appraisal) {
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

std::string_view form_of(const Head& head) {
  if (head.policy_file.empty()) return "default";
  switch (head.policy_form) {
    case verify::PolicyForm::Own: return "own";
    case verify::PolicyForm::Steward: return "steward";
  }
  return "unknown";
}

void write_head(codec::JsonWriter& json, const Head& head) {
  constexpr std::size_t longest_path = 4096;
  json.key("file");
  json.text(base::printable(head.file, longest_path));
  json.key("evidence_sha256");
  json.text(base::hex(head.evidence_digest.view()));
  json.key("version");
  json.text(base::version);
  json.key("policy");
  json.open_object();
  json.key("file");
  head.policy_file.empty() ? json.null()
                           : json.text(base::printable(head.policy_file, longest_path));
  json.key("form");
  json.text(form_of(head));
  json.close_object();
}

void write_claims(codec::JsonWriter& json, const Appraisal& appraisal) {
  json.key("believed");
  json.boolean(appraisal.accepted());
  json.key("claims");
  json.open_object();
  for (const verify::Claim& claim : appraisal.claims) {
    json.key(claim.name);
    json.text(claim.value);
  }
  json.close_object();
}

}  // namespace

std::string to_json(const Head& head, const Appraisal& appraisal) {
  codec::JsonWriter json;
  json.open_object();
  json.key("verdict");
  json.text(to_string(appraisal.verdict));
  json.key("technology");
  json.text(to_string(appraisal.technology));
  json.key("format");
  json.text(head.format);
  write_wrappings(json, head.wrappings);
  json.key("passed_over");
  json.number(head.passed_over);
  write_head(json, head);
  json.key("time");
  json.text(codec::to_rfc3339(appraisal.time));
  json.key("expiry");
  const bool ends = appraisal.expiry.has_value() && appraisal.accepted();
  ends ? json.text(codec::to_rfc3339(*appraisal.expiry)) : json.null();
  json.key("tcb_status");
  appraisal.tcb_status ? json.text(to_string(*appraisal.tcb_status)) : json.null();
  json.key("advisories");
  json.open_array();
  for (const std::string& advisory : appraisal.advisories) json.text(advisory);
  json.close_array();
  json.key("warnings");
  json.open_array();
  for (const std::string& warning : appraisal.warnings) json.text(warning);
  json.close_array();
  write_findings(json, appraisal);
  write_claims(json, appraisal);
  write_lifetimes(json, appraisal);
  json.close_object();
  return json.result() + "\n";
}

}  // namespace merlon::report
