// The page of `merlon evidence verify --html`.

#include <algorithm>

#include "merlon/appraise/report.h"
#include "merlon/base/text.h"

namespace merlon::appraise {

using base::concat;
using verify::Appraisal;

namespace {

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--bg:#f6f6f4;--card:#fff;--ink:#1c1f24;--soft:#59616d;--line:#dadde2;
--yes:#13703a;--yes-bg:#e2f3e8;--no:#b3261e;--no-bg:#fbe7e5;--warn:#8a5a00;--bar:#7f91ac;--tick:#e6e8ec}
@media(prefers-color-scheme:dark){:root{--bg:#131519;--card:#1c1f25;--ink:#e8eaed;--soft:#a2aab6;
--line:#353a44;--yes:#6fd695;--yes-bg:#16321f;--no:#ff9d94;--no-bg:#41201d;--warn:#f2c063;--bar:#6f83a3;
--tick:#2b3039}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:70rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;margin:.2rem 0 1rem}h2{font-size:1.15rem;margin:2.2rem 0 .7rem}
h3{font-size:.95rem;margin:0 0 .6rem;color:var(--soft);font-weight:600}
p{margin:.3rem 0}.soft{color:var(--soft)}small{font-size:.85rem}
.verdict{border-radius:.7rem;padding:1.1rem 1.3rem;border:1px solid var(--line);border-left:.45rem solid}
.verdict.yes{background:var(--yes-bg);border-left-color:var(--yes)}
.verdict.no{background:var(--no-bg);border-left-color:var(--no)}
.verdict strong{font-size:1.7rem;line-height:1.2}
.yes>strong,.good{color:var(--yes)}.no>strong,.bad{color:var(--no)}.fair{color:var(--warn)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:.8rem 1rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;color:var(--soft);font-weight:600}
td,th{padding:.4rem .8rem .4rem 0;border-top:1px solid var(--line);vertical-align:top}
td:last-child,th:last-child{padding-right:0}
tr:first-child>*{border-top:0}tbody.next tr:first-child>*{border-top:2px solid var(--line)}
code,.mono{font-family:ui-monospace,monospace;font-size:.85em;overflow-wrap:anywhere}code{white-space:nowrap}
.mark{font-weight:700;width:1.6rem}.nowrap{white-space:nowrap}
.branches{display:grid;grid-template-columns:1fr;gap:0 1.2rem}.branches.two{grid-template-columns:1fr 1fr}
.chain{list-style:none;margin:0;padding:0}
.link{position:relative;background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:.55rem .9rem;margin:0}
.link b{margin-right:.5rem}.link div{font-size:.88rem;color:var(--soft);overflow-wrap:anywhere}
.chain .link{margin-top:1.7rem}
.chain .link::before{content:"";position:absolute;left:1.4rem;top:-1.7rem;height:1.7rem;
border-left:2px solid var(--bar)}
.chain .link::after{content:"signs";position:absolute;left:2.1rem;top:-1.5rem;font-size:.8rem;color:var(--soft)}
.chain .link.same::after{content:"and"}.chain.top{grid-column:1/-1}
.chain.top .link{margin-top:0}.chain.top .link::before,.chain.top .link::after{display:none}
.chain .link.end{border-color:var(--bar);border-width:2px}
.time{display:grid;grid-template-columns:minmax(10rem,19rem) 1fr;gap:.55rem 1rem;align-items:center}
.track{position:relative;height:1.15rem;background:var(--bg);border-radius:.2rem;overflow:hidden}
.axis{position:relative;height:1.3rem;font-size:.8rem;color:var(--soft)}
.axis span{position:absolute;transform:translateX(-50%)}
.track s{position:absolute;top:0;bottom:0;width:1px;background:var(--tick)}
.track i{position:absolute;top:.15rem;bottom:.15rem;background:var(--bar);border-radius:.25rem;min-width:4px}
.track i.open-left{border-top-left-radius:0;border-bottom-left-radius:0}
.track i.open-right{border-top-right-radius:0;border-bottom-right-radius:0}
.track i.over{background:var(--no)}
.track u{position:absolute;top:0;bottom:0;width:2px;margin-left:-1px;background:var(--ink)}
.axis .now{color:var(--ink);font-weight:600}
tr.taken td{background:var(--bg);color:var(--ink)}
tr.taken.good td:first-child{box-shadow:inset .25rem 0 var(--yes)}
tr.taken.fair td:first-child{box-shadow:inset .25rem 0 var(--warn)}
tr.taken.bad td:first-child{box-shadow:inset .25rem 0 var(--no)}
.levels .mono{white-space:nowrap}
.levels td:first-child,.levels th:first-child{padding-left:.7rem}
.under{display:none}
@media(max-width:44rem){.branches.two{grid-template-columns:1fr}.axis .near{display:none}
.branches.two .chain:last-child .link:first-child::before{border-left-style:dotted}
.branches.two .chain:last-child .link:first-child::after{content:"the root also signs"}
.levels .mono{white-space:normal}.wide{display:none}.under{display:block}main{padding:1rem .7rem 3rem}
.time{grid-template-columns:1fr;gap:.15rem}.time .track,.time .axis{margin-bottom:.5rem}.time .gap{display:none}
.stack th,.stack td.wide{display:none}.stack td{display:block;border:0;padding:0 0 .5rem}.stack td:first-child{padding:.4rem 0 0;color:var(--soft);
border-top:1px solid var(--line)}td,th{padding-right:.5rem}.card{padding:.7rem .8rem}}
@media print{body{background:#fff}.card,.link,.verdict{break-inside:avoid}}
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

/// A value for people: many zeros are a number of bytes.
std::string shown(const std::string& value) {
  const bool zeros = value.size() >= 32 && value.find_first_not_of('0') == std::string::npos;
  if (!zeros) return escaped(value);
  return concat("<span class=\"soft\">", value.size() / 2, " bytes of zero</span>");
}

/// The common name in a subject as it is shown, else all of it.
std::string_view short_name(std::string_view name) {
  const std::size_t at = name.find("CN=");
  if (at == std::string_view::npos) return name;
  const std::string_view rest = name.substr(at + 3);
  return rest.substr(0, rest.find(", "));
}

std::string verdict_part(const Head& head, const Appraisal& appraisal) {
  const std::size_t failed = appraisal.refusals().size();
  std::string html =
      concat("<section class=\"verdict ", appraisal.accepted() ? "yes" : "no", "\"><strong>",
             appraisal.accepted() ? "✔ Accepted" : "✘ Refused", "</strong><p>",
             escaped(head.format), " · <span class=\"mono\">", escaped(base::printable(head.file)),
             "</span></p><p>", appraisal.findings.size() - failed, " of ",
             appraisal.findings.size(), " checks passed, judged for <b class=\"nowrap\">",
             codec::to_rfc3339(appraisal.time), "</b></p>");
  if (appraisal.expiry && appraisal.accepted()) {
    html += concat("<p>Holds until <b class=\"nowrap\">", codec::to_rfc3339(*appraisal.expiry),
                   "</b>, when the first of the things used ends</p>");
  }
  if (appraisal.tcb_status) {
    html += concat("<p>TCB status <b>", to_string(*appraisal.tcb_status), "</b>");
    for (const std::string& advisory : appraisal.advisories)
      html += concat(" · <span class=\"nowrap\">", escaped(advisory), "</span>");
    html += "</p>";
  }
  return html + "</section>\n";
}

std::string refusals_part(const Appraisal& appraisal) {
  if (appraisal.accepted()) return "";
  std::string html =
      "<h2>Why it was refused</h2><div class=\"card\"><table class=\"stack\"><tr><th>Check</th>"
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
                   "<span class=\"under soft\">wanted: ", escaped(finding.wanted),
                   "</span></td><td class=\"wide soft\">", escaped(row.document), "</td></tr>");
  }
  html += "</table>";
  if (not_made > 0) {
    html += concat("<p class=\"soft\">", not_made,
                   " further checks could not be made without what is missing here.</p>");
  }
  if (lacks_endorsements(appraisal)) {
    html +=
        "<p>Endorsements are missing: <code>merlon evidence fetch FILE DIR</code> gets them, "
        "<code>--endorsements DIR</code> takes them.</p>";
  }
  return html + "</div>\n";
}

/// One certificate or statement of the chain.
std::string link(const Appraisal& appraisal, const verify::Lifetime& each,
                 std::string_view attributes, std::string_view badge = "") {
  const bool counts = each.from <= appraisal.time && appraisal.time <= each.until;
  return concat(
      "<li class=\"link", attributes, "\"><b>", escaped(each.what), "</b>",
      escaped(short_name(each.name)), badge, "<div>", date(each.from), " – ", date(each.until),
      counts ? "" : " · <span class=\"bad\">not valid at this time</span>", "</div></li>");
}

/// The checks that say whether the chain holds, where they do not.
std::string chain_problems(const Appraisal& appraisal) {
  using enum verify::Check;
  std::string html;
  for (const verify::Check check : {PckAnchor,
                                    PckSignatures,
                                    PckNames,
                                    PckValidity,
                                    PckConstraints,
                                    PckCaRevocation,
                                    PckRevocation,
                                    TcbSignerPath,
                                    TcbSignerRevocation,
                                    TcbInfoSignature,
                                    QeIdentitySignature,
                                    QeReportSignature,
                                    AttestationKeyBinding,
                                    QuoteSignature,
                                    SnpAnchor,
                                    SnpSignatures,
                                    SnpNames,
                                    SnpValidity,
                                    SnpConstraints,
                                    SnpCaRevocation,
                                    SnpLeafRevocation,
                                    SnpSignature}) {
    const verify::Finding* finding = appraisal.find(check);
    if (finding == nullptr || finding->passed || !finding->made) continue;
    html += concat(html.empty() ? "" : ", ", "<code>", verify::row_of(check).name, "</code>");
  }
  return html.empty() ? html : concat("<p class=\"bad\">✘ It does not hold: ", html, "</p>");
}

/// The quoting enclave stands between the platform's certificate and a quote.
std::string enclave_link(const Appraisal& appraisal) {
  const auto version =
      std::ranges::find(appraisal.claims, std::string_view("QE version"), &verify::Claim::name);
  if (version == appraisal.claims.end()) return "";
  return concat("<li class=\"link\"><b>quoting enclave</b>version ", escaped(version->value),
                "<div>its report names the key that signs quotes</div></li>");
}

/// Root first; what it signs for the platform on one side, what it signs about it on the other.
std::string chain_part(const Appraisal& appraisal) {
  const verify::Lifetime* root = nullptr;
  std::vector<const verify::Lifetime*> path;
  std::vector<const verify::Lifetime*> statements;
  const verify::Lifetime* signer = nullptr;
  for (const verify::Lifetime& each : appraisal.lifetimes) {
    if (each.what == "root" || each.what == "ARK") {
      root = root == nullptr ? &each : root;
    } else if (each.what == "TCB signing certificate") {
      signer = &each;
    } else if (each.is_certificate) {
      path.push_back(&each);
    } else if (each.what != "revocation list") {
      statements.push_back(&each);
    }
  }
  std::string html = "<h2>Chain</h2>";
  if (path.empty() && root == nullptr) {
    return html + "<div class=\"card\">No certificate vouches for this evidence.</div>\n";
  }
  const verify::Finding* anchor = appraisal.find(verify::Check::PckAnchor);
  if (anchor == nullptr) anchor = appraisal.find(verify::Check::SnpAnchor);
  const bool pinned = anchor != nullptr && anchor->passed;
  html += concat("<div class=\"branches", signer != nullptr ? " two" : "",
                 "\"><ul class=\"chain top\">");
  if (root != nullptr) {
    html += link(appraisal, *root, "",
                 pinned ? " <small class=\"good nowrap\">✔ its key is pinned</small>"
                        : " <small class=\"bad nowrap\">✘ its key is not pinned</small>");
  }
  html += "</ul><ul class=\"chain\">";
  std::ranges::reverse(path);
  for (const verify::Lifetime* each : path) html += link(appraisal, *each, "");
  html += enclave_link(appraisal);
  html += concat("<li class=\"link end\"><b>", to_string(appraisal.technology),
                 appraisal.technology == evidence::Technology::Snp ? " report</b>" : " quote</b>",
                 "<div>what is judged</div></li></ul>");
  if (signer != nullptr) {
    html += "<ul class=\"chain\">" + link(appraisal, *signer, "");
    bool first = true;
    for (const verify::Lifetime* each : statements) {
      html += link(appraisal, *each, first ? "" : " same");
      first = false;
    }
    html += "</ul>";
  }
  return html + "</div>" + chain_problems(appraisal) + "\n";
}

/// A piece of time, and where a moment lies in it in thousandths.
struct TimeLine {
  codec::UnixTime now;
  static constexpr std::int64_t half = 730 * codec::seconds_per_day;
  [[nodiscard]] std::int64_t first() const noexcept { return now.seconds - half; }
  [[nodiscard]] std::int64_t place(codec::UnixTime time) const noexcept {
    return std::clamp<std::int64_t>((time.seconds - first()) * 1000 / (2 * half), 0, 1000);
  }
};

std::string percent(std::int64_t thousandths) {
  return concat(thousandths / 10, ".", thousandths % 10, "%");
}

/// The first days of the years within.
std::vector<codec::UnixTime> years_of(const TimeLine& line) {
  std::vector<codec::UnixTime> years;
  const int first = std::stoi(codec::to_rfc3339({line.first()}).substr(0, 4));
  for (int year = first + 1; year <= first + 4; ++year) {
    if (const auto start = codec::to_unix({year, 1, 1, 0, 0, 0})) years.push_back(*start);
  }
  return years;
}

std::string bar(const verify::Lifetime& each, const TimeLine& line, std::string_view ticks) {
  const std::int64_t from = line.place(each.from);
  const std::int64_t until = line.place(each.until);
  const bool counts = each.from <= line.now && line.now <= each.until;
  return concat("<span class=\"track\">", ticks, "<i class=\"", from == 0 ? "open-left " : "",
                until == 1000 ? "open-right " : "", counts ? "" : "over",
                "\" style=\"left:", percent(from), ";width:", percent(until - from),
                "\"></i><u style=\"left:50%\"></u></span>");
}

/// Each thing that was used as a bar; the scale is years around the time of judging, so that lists
/// of a month and roots of decades can both be seen.
std::string timeline_part(const Appraisal& appraisal) {
  if (appraisal.lifetimes.empty()) return "";
  const TimeLine line{appraisal.time};
  std::string ticks;
  std::string labels;
  for (const codec::UnixTime year : years_of(line)) {
    const std::int64_t at = line.place(year);
    ticks += concat("<s style=\"left:", percent(at), "\"></s>");
    const std::int64_t distance = at < 500 ? 500 - at : at - 500;
    if (distance < 80) continue;  // the time of judging stands there
    labels += concat("<span ", distance < 200 ? "class=\"near\" " : "",
                     "style=\"left:", percent(at), "\">", date(year).substr(0, 4), "</span>");
  }
  std::string html = concat(
      "<h2>Validity</h2><div class=\"card\"><div class=\"time\"><span class=\"gap\"></span>"
      "<span class=\"axis\">",
      labels, "<span class=\"now\" style=\"left:50%\">", date(appraisal.time), "</span></span>");
  for (const verify::Lifetime& each : appraisal.lifetimes) {
    const bool first_to_end = appraisal.expiry && *appraisal.expiry == each.until;
    html += concat("<span><b>", escaped(each.what), "</b> <small>", escaped(short_name(each.name)),
                   "</small><br><small class=\"soft nowrap\">", date(each.from), " – ",
                   date(each.until), "</small>",
                   first_to_end ? " <small class=\"nowrap fair\">ends first</small>" : "",
                   "</span>", bar(each, line, ticks));
  }
  return html + "</div></div>\n";
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
      "<h2>TCB levels</h2><div class=\"card\"><table class=\"levels\"><tr><th>Status</th>"
      "<th class=\"wide\">Security versions that it asks for</th><th>Advisories</th></tr>";
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
    html += concat(
        row.taken ? concat("<tr class=\"taken ", class_of(row.status), "\">") : "<tr>",
        "<td><span class=\"", class_of(row.status), "\"><b>", escaped(row.status),
        "</b></span><br><small class=\"soft nowrap\">", std::string_view(row.date).substr(0, 10),
        place_of(row), "</small><small class=\"under mono soft\">", row.versions,
        "</small></td><td class=\"wide mono\">", on_lines(row.versions), "</td><td><small>",
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
  html += "<div class=\"card\"><table class=\"stack\">";
  for (const verify::Claim& claim : appraisal.claims) {
    html += concat("<tr><td class=\"nowrap\">", escaped(claim.name), "</td><td class=\"mono\">",
                   shown(claim.value), "</td></tr>");
  }
  return html + "</table></div>\n";
}

std::string findings_part(const Appraisal& appraisal) {
  std::string html =
      "<h2>All checks</h2><div class=\"card\"><table><thead><tr><th></th><th>Check</th>"
      "<th class=\"wide\">What holds</th><th>Got</th><th class=\"wide\">Document</th></tr></thead>";
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
               shown(finding.got), "</td><td class=\"wide soft\"><small>", escaped(row.document),
               "</small></td></tr>");
  }
  return html + (group.empty() ? "" : "</tbody>") + "</table></div>\n";
}

}  // namespace

std::string to_html(const Head& head, const Appraisal& appraisal) {
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

}  // namespace merlon::appraise
