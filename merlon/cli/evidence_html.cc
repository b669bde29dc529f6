// The page of `merlon evidence verify --html`.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli/evidence_report.h"

namespace merlon::cli {

using base::concat;
using verify::Appraisal;

namespace {

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--bg:#f7f7f5;--card:#fff;--ink:#1c1f24;--soft:#5c6470;--line:#dcdfe4;
--yes:#13703a;--yes-bg:#e3f3e8;--no:#b3261e;--no-bg:#fbe6e4;--bar:#7d8ea8;--now:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#14161a;--card:#1d2026;--ink:#e8eaed;--soft:#a0a8b4;
--line:#343943;--yes:#6fd695;--yes-bg:#173524;--no:#ff9d94;--no-bg:#43201d;--bar:#7285a3;--now:#ff9d94}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .6rem}
.verdict{border-radius:.6rem;padding:1rem 1.25rem;border:1px solid var(--line)}
.verdict.yes{background:var(--yes-bg)}.verdict.no{background:var(--no-bg)}
.verdict strong{font-size:1.6rem}.yes strong,.mark.yes{color:var(--yes)}.no strong,.mark.no{color:var(--no)}
p{margin:.3rem 0}.soft{color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.75rem 1rem;overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;color:var(--soft);font-weight:600}
td,th{padding:.35rem .6rem .35rem 0;border-top:1px solid var(--line);vertical-align:top}
tr:first-child>*{border-top:0}
code{white-space:nowrap}code,.mono{font-family:ui-monospace,monospace;font-size:.85em;overflow-wrap:anywhere}
.mark{font-weight:700;width:1.5rem}
ol.chain{list-style:none;margin:0;padding:0}
ol.chain li{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.5rem .8rem;
position:relative;margin:0 0 1.4rem}
ol.chain li:not(:last-child)::after{content:"↓ signs";position:absolute;left:1.2rem;bottom:-1.35rem;
color:var(--soft);font-size:.8rem}
.time{display:grid;grid-template-columns:minmax(8rem,16rem) 1fr;gap:.4rem .8rem;align-items:center;}
.track{position:relative;height:1.1rem;background:var(--bg);border-radius:.3rem;overflow:hidden}
.track i{position:absolute;top:0;bottom:0;background:var(--bar);border-radius:.3rem;min-width:3px}
.track b{position:absolute;top:0;bottom:0;width:2px;background:var(--now)}
tr.taken td{font-weight:600}.date{white-space:nowrap}
@media(max-width:40rem){.wide{display:none}main{padding:1rem .6rem 3rem}.time{grid-template-columns:1fr;gap:.2rem}
.time .track{margin-bottom:.6rem}td,th{padding-right:.4rem}.date{white-space:normal}}
)";

/// Text for the content of an element or of a quoted attribute.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c; break;
    }
  }
  return out;
}

std::string date(codec::UnixTime time) { return codec::to_rfc3339(time).substr(0, 10); }

std::string verdict_part(const EvidenceHead& head, const Appraisal& appraisal) {
  const std::size_t failed = appraisal.refusals().size();
  std::string html =
      concat("<section class=\"verdict ", appraisal.accepted() ? "yes" : "no", "\"><strong>",
             appraisal.accepted() ? "✔ Accepted" : "✘ Refused", "</strong><p>",
             escaped(head.format), " · ", escaped(base::printable(head.file)), "</p><p>",
             appraisal.findings.size() - failed, " of ", appraisal.findings.size(),
             " checks passed, judged for ", codec::to_rfc3339(appraisal.time), ".</p>");
  if (appraisal.expiry && appraisal.accepted()) {
    html += concat("<p>Holds until <b>", codec::to_rfc3339(*appraisal.expiry),
                   "</b>, when the first of the things used ends.</p>");
  }
  if (appraisal.tcb_status) {
    html += concat("<p>TCB status <b>", to_string(*appraisal.tcb_status), "</b>");
    for (const std::string& advisory : appraisal.advisories)
      html += concat(" · ", escaped(advisory));
    html += "</p>";
  }
  return html + "</section>\n";
}

std::string refusals_part(const Appraisal& appraisal) {
  if (appraisal.accepted()) return "";
  std::string html =
      "<h2>Why it was refused</h2><div class=\"card\"><table><tr><th>Check</th><th>Wanted</th>"
      "<th>Got</th><th class=\"wide\">Document</th></tr>";
  for (const verify::Finding& finding : appraisal.findings) {
    if (finding.passed) continue;
    const verify::CheckRow& row = verify::row_of(finding.check);
    html += concat("<tr><td><code>", row.name, "</code></td><td class=\"mono\">",
                   escaped(finding.wanted), "</td><td class=\"mono\">", escaped(finding.got),
                   "</td><td class=\"wide soft\">", escaped(row.document), "</td></tr>");
  }
  return html + "</table></div>\n";
}

/// Certificates that were used, root first.
std::string chain_part(const Appraisal& appraisal) {
  std::vector<const verify::Lifetime*> chain;
  for (const verify::Lifetime& each : appraisal.lifetimes) {
    if (each.is_certificate && each.what != "TCB signing certificate") chain.push_back(&each);
  }
  if (chain.empty()) return "";
  std::ranges::reverse(chain);
  std::string html = "<h2>Chain</h2><ol class=\"chain\">";
  for (const verify::Lifetime* each : chain) {
    html += concat("<li><b>", escaped(each->what), "</b> <span class=\"mono\">",
                   escaped(each->name), "</span><br><span class=\"soft\">", date(each->from), " – ",
                   date(each->until), "</span></li>");
  }
  return html + concat("<li><b>", to_string(appraisal.technology), " evidence</b></li></ol>\n");
}

/// Each thing that was used as a bar; the scale is years around the time of judging, so that lists
/// of a month and roots of decades can both be seen.
std::string timeline_part(const Appraisal& appraisal) {
  if (appraisal.lifetimes.empty()) return "";
  constexpr std::int64_t half = 2 * 365 * codec::seconds_per_day;
  const std::int64_t first = appraisal.time.seconds - half;
  const auto place = [&](codec::UnixTime time) {
    return std::clamp<std::int64_t>((time.seconds - first) * 1000 / (2 * half), 0, 1000);
  };
  const auto percent = [](std::int64_t thousandths) {
    return concat(thousandths / 10, ".", thousandths % 10, "%");
  };
  std::string html = concat("<h2>Validity</h2><div class=\"card\"><p class=\"soft\">",
                            date({first}), " to ", date({first + 2 * half}), "; the line is ",
                            date(appraisal.time), "</p><div class=\"time\">");
  for (const verify::Lifetime& each : appraisal.lifetimes) {
    const std::int64_t from = place(each.from);
    const std::int64_t until = place(each.until);
    const std::string span = concat(date(each.from), " – ", date(each.until));
    html += concat("<span>", escaped(each.what), "<br><span class=\"soft\">", span,
                   "</span></span><span class=\"track\" title=\"", escaped(each.name), ", ", span,
                   "\"><i style=\"left:", percent(from), ";width:", percent(until - from),
                   "\"></i><b style=\"left:50%\"></b></span>");
  }
  return html + "</div></div>\n";
}

std::string levels_part(const Appraisal& appraisal) {
  if (appraisal.tcb_levels.empty()) return "";
  std::string html =
      "<h2>TCB levels</h2><div class=\"card\"><table><tr><th></th><th>Status</th><th>Date</th>"
      "<th class=\"wide\">Versions</th><th>Advisories</th></tr>";
  for (const verify::TcbRow& row : appraisal.tcb_levels) {
    std::string advisories;
    for (const std::string& each : row.advisories) {
      advisories += concat(advisories.empty() ? "" : ", ", escaped(each));
    }
    html += concat(row.taken ? "<tr class=\"taken\">" : "<tr>", "<td>",
                   row.taken     ? "▶"
                   : row.reached ? "·"
                                 : "",
                   "</td><td>", row.status, "</td><td class=\"date\">",
                   std::string_view(row.date).substr(0, 10), "</td><td class=\"wide mono\">",
                   row.versions, "</td><td>", advisories, "</td></tr>");
  }
  return html + "</table><p class=\"soft\">▶ the first level that the platform reaches</p></div>\n";
}

std::string claims_part(const Appraisal& appraisal) {
  std::string html = "<h2>Claims</h2>";
  if (!appraisal.accepted()) {
    html += "<p class=\"soft\">Not to be believed: the evidence was refused.</p>";
  }
  html += "<div class=\"card\"><table>";
  for (const verify::Claim& claim : appraisal.claims) {
    html += concat("<tr><td>", escaped(claim.name), "</td><td class=\"mono\">",
                   escaped(claim.value), "</td></tr>");
  }
  return html + "</table></div>\n";
}

std::string findings_part(const Appraisal& appraisal) {
  std::string html =
      "<h2>All checks</h2><div class=\"card\"><table><tr><th></th><th>Check</th><th class=\"wide\">What holds</th>"
      "<th>Got</th><th class=\"wide\">Document</th></tr>";
  for (const verify::Finding& finding : appraisal.findings) {
    const verify::CheckRow& row = verify::row_of(finding.check);
    html += concat("<tr><td class=\"mark ", finding.passed ? "yes\">✔" : "no\">✘",
                   "</td><td><code>", row.name, "</code></td><td class=\"wide\">",
                   escaped(row.holds), "</td><td class=\"mono\">", escaped(finding.got),
                   "</td><td class=\"wide soft\">", escaped(row.document), "</td></tr>");
  }
  return html + "</table></div>\n";
}

}  // namespace

std::string to_html(const EvidenceHead& head, const Appraisal& appraisal) {
  return concat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
                "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">",
                "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
                "style-src 'unsafe-inline'\"><title>Evidence: ", to_string(appraisal.verdict),
                "</title><style>", style, "</style></head>\n<body><main><h1>Appraisal of ",
                to_string(appraisal.technology), " evidence</h1>\n", verdict_part(head, appraisal),
                refusals_part(appraisal), chain_part(appraisal), timeline_part(appraisal),
                levels_part(appraisal), claims_part(appraisal), findings_part(appraisal),
                "</main></body></html>\n");
}

}  // namespace merlon::cli
