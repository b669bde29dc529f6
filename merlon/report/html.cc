// The page of `merlon evidence verify --html`.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/base/version.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/hash.h"
#include "merlon/report/html_parts.h"
#include "merlon/report/html_style.h"

namespace merlon::report {

using base::concat;
using verify::Appraisal;

std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    switch (text[0]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: text.remove_prefix(base::append_printable(out, text)); continue;
    }
    text.remove_prefix(1);
  }
  return out;
}

std::string date(codec::UnixTime time) { return codec::to_rfc3339(time).substr(0, 10); }

std::string page_of(std::string_view title, std::string_view body, std::string_view style) {
  const std::string styles = concat(page_style, style);
  const crypto::Sha256Digest digest = crypto::sha256({core::as_bytes(styles)});
  return concat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">",
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
                "style-src 'sha256-", codec::encode_base64(digest.view()), "'\"><title>",
                escaped(title), "</title><style>", styles, "</style></head>\n<body><main>", body,
                "</main></body></html>\n");
}

std::string shown(const std::string& value) {
  const bool zeros = value.size() >= 32 && value.find_first_not_of('0') == std::string::npos;
  if (!zeros) return escaped(value);
  return concat("<span class=\"soft\">", value.size() / 2, " bytes of zero</span>");
}

namespace {

/// A name of several words in one, which may break before each. Whole characters stay together.
std::string breakable(std::string_view name) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  std::string html;
  std::size_t begin = 0;
  for (std::size_t i = 1; i < name.size(); ++i) {
    const bool word =
        upper(name[i]) &&
        (lower(name[i - 1]) || (upper(name[i - 1]) && i + 1 < name.size() && lower(name[i + 1])));
    if (!word && name[i - 1] != '_') continue;
    html += concat(escaped(name.substr(begin, i - begin)), "<wbr>");
    begin = i;
  }
  return html + escaped(name.substr(begin));
}

std::string verdict_part(const Head& head, const Appraisal& appraisal) {
  const std::size_t failed = appraisal.refusals().size();
  std::string html = concat(
      "<section class=\"verdict ", appraisal.accepted() ? "yes" : "no", "\"><strong>",
      appraisal.accepted() ? "✔ Accepted" : "✘ Refused", "</strong><p>",
      escaped(wrappings_text(head.wrappings)), escaped(head.format), " · <span class=\"mono\">",
      escaped(base::printable(head.file)), "</span></p><p>", appraisal.findings.size() - failed,
      " of ", appraisal.findings.size(), " checks passed, judged for <b class=\"nowrap\">",
      codec::to_rfc3339(appraisal.time), "</b> ", escaped(policy_text(head)), "</p>");
  if (appraisal.expiry && appraisal.accepted()) {
    html += concat("<p>Holds until <b class=\"nowrap\">", codec::to_rfc3339(*appraisal.expiry),
                   "</b>, when the first of the things used ends</p>");
  }
  if (appraisal.tcb_status) {
    html += concat("<p>TCB status <b>", breakable(to_string(*appraisal.tcb_status)), "</b>");
    for (const std::string& advisory : appraisal.advisories)
      html += concat(" · <span class=\"nowrap\">", escaped(advisory), "</span>");
    html += "</p>";
  }
  return html + "</section>\n";
}

/// An option must not break behind its hyphens.
std::string with_options(std::string_view text) {
  constexpr std::string_view option = "--endorsements DIR";
  const std::size_t at = text.find(option);
  if (at == std::string_view::npos) return escaped(text);
  return concat(escaped(text.substr(0, at)), "<code class=\"nowrap\">", option, "</code>",
                escaped(text.substr(at + option.size())));
}

std::string hints_part(const std::vector<Hint>& hints) {
  std::string html;
  for (const Hint& hint : hints) {
    html += concat("<p>", escaped(hint.before), hint.command.empty() ? "" : "<code>",
                   escaped(hint.command), hint.command.empty() ? "" : "</code>",
                   with_options(hint.after), "</p>");
  }
  return html;
}

/// The lines of a policy under which the finding would pass.
std::string to_accept_part(const verify::Finding& finding) {
  std::string_view rest = finding.to_accept;
  if (rest.empty()) return "";
  std::string lines;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines += concat(lines.empty() ? "" : "\n", escaped(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return concat("<details><summary>To accept it, in the policy</summary><pre>", lines,
                "</pre></details>");
}

std::string warnings_part(const Appraisal& appraisal) {
  if (appraisal.warnings.empty()) return "";
  std::string html = "<h2>Warnings</h2><div class=\"card\"><ul>";
  for (const std::string& warning : appraisal.warnings) {
    html += concat("<li>", escaped(warning), "</li>");
  }
  return html + "</ul></div>\n";
}

std::string refusals_part(const Head& head, const Appraisal& appraisal) {
  if (appraisal.accepted()) return "";
  std::string html =
      "<h2>Why it was refused</h2><div class=\"card\"><table class=\"refusals stack\"><tr><th>Check</th>"
      "<th class=\"wide\">Wanted</th><th>Got</th><th class=\"wide\">Document</th></tr>";
  std::size_t not_made = 0;
  for (const verify::Finding& finding : appraisal.findings) {
    if (finding.passed) continue;
    if (!finding.made) {
      ++not_made;
      continue;
    }
    const verify::CheckRow& row = verify::row_of(finding.check);
    html += concat("<tr><td><code>", row.name, "</code></td><td class=\"wide mono\">",
                   escaped(finding.wanted), "</td><td class=\"mono\">", shown(finding.got),
                   "<span class=\"under soft\">wanted: ", escaped(finding.wanted), "</span>",
                   to_accept_part(finding), "</td><td class=\"wide soft\">",
                   breakable(row.document), "</td></tr>");
  }
  html += "</table>";
  if (not_made > 0) {
    html += concat("<p class=\"soft\">", not_made,
                   " further checks could not be made without what is missing here.</p>");
  }
  html += hints_part(head.hints);
  return html + "</div>\n";
}

std::string_view class_of(std::string_view status) {
  if (status == to_string(sgx::TcbStatus::UpToDate)) return "good";
  return status == to_string(sgx::TcbStatus::Revoked) ? "bad" : "fair";
}

/// Components, PCE and TDX each on a line of their own.
std::string on_lines(std::string_view versions) {
  std::string html;
  while (!versions.empty()) {
    const std::size_t end = versions.find(", ");
    html += concat(html.empty() ? "" : "<br>", escaped(versions.substr(0, end)));
    versions.remove_prefix(end == std::string_view::npos ? versions.size() : end + 2);
  }
  return html;
}

std::string_view place_of(const verify::TcbRow& row) {
  if (row.taken) return " · <b>this platform</b>";
  return row.reached ? " · also reached" : "";
}

std::string levels_part(const Appraisal& appraisal) {
  if (appraisal.tcb_levels.empty()) return "";
  std::string html =
      "<h2>TCB levels</h2><div class=\"card\"><table class=\"levels stack\"><tr><th>Status</th>"
      "<th>Security versions that it asks for</th><th>Advisories</th></tr>";
  bool taken = false;
  for (const verify::TcbRow& row : appraisal.tcb_levels) {
    taken = taken || row.taken;
    std::string advisories;
    for (const std::string& each : row.advisories) {
      std::string_view name =
          each;  // the table is about them, so their common beginning says nothing
      if (name.starts_with("INTEL-SA-")) name.remove_prefix(9);
      advisories += concat(advisories.empty() ? "" : ", ", escaped(name));
    }
    html += concat(row.taken ? concat("<tr class=\"taken ", class_of(row.status), "\">") : "<tr>",
                   "<td><span class=\"", class_of(row.status), "\"><b>", breakable(row.status),
                   "</b></span><br><small class=\"soft nowrap\">",
                   std::string_view(row.date).substr(0, 10), place_of(row),
                   "</small></td><td class=\"mono\">", on_lines(row.versions),
                   "</td><td><small><span class=\"under soft\">Advisories: </span>",
                   advisories.empty() ? "none" : advisories, "</small></td></tr>");
  }
  return html + "</table><p class=\"soft\"><small>" +
         (taken ? "Advisories are INTEL-SA-…; the first level that the platform reaches is its own."
                : "The platform reaches none of these. Advisories are INTEL-SA-….") +
         "</small></p></div>\n";
}

std::string claims_part(const Appraisal& appraisal) {
  std::string html = "<h2>Claims</h2>";
  if (!appraisal.accepted()) {
    html += "<p class=\"bad\">Not to be believed: the evidence was refused.</p>";
  }
  html += "<div class=\"card\"><table class=\"claims stack\">";
  for (const verify::Claim& claim : appraisal.claims) {
    html += concat("<tr><td>", escaped(claim.name), "</td><td class=\"mono\">", shown(claim.value),
                   "</td></tr>");
  }
  return html + "</table></div>\n";
}

std::string findings_part(const Appraisal& appraisal) {
  std::string html =
      "<h2>All checks</h2><div class=\"card\"><table class=\"checks stack\"><thead><tr><th></th><th>Check</th>"
      "<th class=\"wide\">What must hold</th><th>Got</th><th class=\"wide\">Document</th></tr></thead>";
  std::string_view group;
  for (const verify::Finding& finding : appraisal.findings) {
    const verify::CheckRow& row = verify::row_of(finding.check);
    const std::string_view its_group = row.name.substr(0, row.name.find('.'));
    if (its_group != group) {
      html += concat(group.empty() ? "" : "</tbody>", "<tbody class=\"next\">");
      group = its_group;
    }
    html +=
        concat("<tr><td class=\"mark ", finding.passed ? "good\">✔" : "bad\">✘", "</td><td><code>",
               row.name, "</code><small class=\"under soft\">", escaped(row.holds),
               "</small></td><td class=\"wide\">", escaped(row.holds), "</td><td class=\"mono\">",
               shown(finding.got), "</td><td class=\"wide soft\"><small>", breakable(row.document),
               "</small></td></tr>");
  }
  return html + (group.empty() ? "" : "</tbody>") + "</table></div>\n";
}

std::string footer_part(const Head& head) {
  return concat("<footer class=\"soft\"><p>Judged ", escaped(policy_text(head)), ", by Merlon ",
                base::version, "</p><p>SHA-256 of the evidence: <span class=\"mono\">",
                base::hex(head.evidence_digest.view()), "</span></p></footer>\n");
}

}  // namespace

std::string to_html(const Head& head, const Appraisal& appraisal) {
  return page_of(concat("Evidence: ", to_string(appraisal.verdict)),
                 concat("<h1>Appraisal of ", to_string(appraisal.technology), " evidence</h1>\n",
                        verdict_part(head, appraisal), refusals_part(head, appraisal),
                        warnings_part(appraisal), chain_part(head, appraisal),
                        timeline_part(appraisal), levels_part(appraisal), claims_part(appraisal),
                        findings_part(appraisal), footer_part(head)),
                 timeline_style(appraisal));
}

}  // namespace merlon::report
