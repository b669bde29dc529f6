#include "merlon/steward_service/status_page.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "merlon/base/text.h"
#include "merlon/report/html_parts.h"
#include "merlon/steward_service/page.h"
#include "merlon/steward_service/problem.h"

namespace merlon::steward_service {

using base::concat;
using report::escaped;

namespace {

constexpr std::int64_t days_of_warning = 7;

/// "3 days", "5 h", "over"; for how much is left.
std::string left(codec::UnixTime until, codec::UnixTime now) {
  const std::int64_t seconds = until.seconds - now.seconds;
  if (seconds <= 0) return "over";
  if (seconds < 2 * 3600) return concat(seconds / 60, " min");
  if (seconds < 2 * codec::seconds_per_day) return concat(seconds / 3600, " h");
  return concat(seconds / codec::seconds_per_day, " days");
}

std::string_view urgency(codec::UnixTime until, codec::UnixTime now) {
  if (until <= now) return "bad";
  return until.seconds - now.seconds < days_of_warning * codec::seconds_per_day ? "fair" : "good";
}

/// "2027-11-28 17:41:32 UTC", which may be broken between its parts.
std::string when(codec::UnixTime time) {
  std::string text = codec::to_rfc3339(time);
  std::ranges::replace(text, 'T', ' ');
  text.pop_back();
  return text + " UTC";
}

std::string row(std::string_view name, std::string_view value) {
  return concat("<dt>", escaped(name), "</dt><dd>", value, "</dd>\n");
}

std::string facts_part(const StatusFacts& facts) {
  const Generation& now = facts.generation;
  const auto requests = std::to_string(facts.server.requests);
  std::string html = "<div class=\"card\"><dl>\n";
  html += row("Issues", concat("<span class=\"", urgency(now.issuer_end, facts.now), "\">until ",
                               when(now.issuer_end),
                               "</span> (the CA ends: ", left(now.issuer_end, facts.now), ")"));
  html +=
      row("Policy", concat("<code>", escaped(now.policy_digest), "</code><br><span class=\"soft\">",
                           now.policy_file.empty() ? "the default one"
                                                   : escaped(base::printable(now.policy_file)),
                           "</span>"));
  html += row("Serves since", concat(when(facts.started), ", ", requests, " requests"));
  for (const auto& [platform, each] : facts.counts.renewals) {
    const bool good = each.trouble.empty();
    html += row("Endorsements",
                concat(escaped(platform), ": <span class=\"", good ? "good" : "bad", "\">",
                       good ? concat("renewed ", when(each.last))
                            : concat("not renewed: ", escaped(base::printable(each.trouble, 300))),
                       "</span>",
                       !good && each.last.seconds > 0 ? concat(" (last ", when(each.last), ")")
                                                      : std::string()));
  }
  html += row("Connections now", concat(facts.server.open_connections));
  return html + "</dl></div>\n";
}

std::string warnings_part(const Generation& now) {
  std::string html;
  for (const std::string& each : now.warnings) {
    html += concat("<p class=\"card warn\">", escaped(base::printable(each, 2000)), "</p>\n");
  }
  return html;
}

std::uint64_t refused_in(const Hour& hour) {
  std::uint64_t sum = 0;
  for (const auto& [code, count] : hour.refused) sum += count;
  return sum;
}

/// Bars of the last hours: issued upwards from the axis, refused downwards. Attributes alone, since
/// the page's policy allows no styles in elements.
std::string chart_part(const StatusFacts& facts) {
  constexpr std::int64_t hours = Statistics::max_hours;
  constexpr std::uint64_t half = 60;
  const std::int64_t first = facts.now.seconds / 3600 - hours + 1;
  std::uint64_t most = 1;
  for (const Hour& each : facts.counts.hours) {
    if (each.number >= first) most = std::max({most, each.issued, refused_in(each)});
  }
  std::string bars;
  std::uint64_t issued = 0;
  std::uint64_t refused = 0;
  for (const Hour& each : facts.counts.hours) {
    const std::int64_t place = each.number - first;
    if (place < 0 || place >= hours) continue;
    const std::uint64_t no = refused_in(each);
    issued += each.issued;
    refused += no;
    const auto bar = [&](std::uint64_t count, std::string_view name, bool up) {
      if (count == 0) return std::string();
      const std::uint64_t height = std::max<std::uint64_t>(count * half / most, 1);
      return concat("<rect class=\"", name, "\" x=\"", place * 10 + 1, "\" y=\"",
                    up ? half - height : half + 1, "\" width=\"8\" height=\"", height, "\"><title>",
                    when({each.number * 3600}), ": ", count, " ", name, "</title></rect>");
    };
    bars += bar(each.issued, "issued", true) + bar(no, "refused", false);
  }
  return concat("<h2>The last ", hours, " hours</h2>\n<div class=\"card\"><svg viewBox=\"0 0 ",
                hours * 10, " ", 2 * half + 1,
                "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"", issued,
                " certificates issued, ", refused, " requests refused in the last ", hours,
                " hours\"><line class=\"axis\" x1=\"0\" x2=\"", hours * 10, "\" y1=\"", half,
                "\" y2=\"", half, "\"/>", bars, "</svg>\n<p class=\"soft\"><span class=\"good\">",
                issued, " issued</span> above, <span class=\"bad\">", refused,
                " refused</span> below; the highest bar is ", most, " an hour.</p></div>\n");
}

struct Line {
  std::string name;
  std::uint64_t last_hour = 0;
  std::uint64_t all = 0;
};

std::string reasons_part(const StatusFacts& facts) {
  std::vector<Line> lines;
  for (const auto& [code, count] : facts.counts.refused) lines.push_back({code, 0, count});
  const auto& hours = facts.counts.hours;
  if (!hours.empty() && hours.back().number >= facts.now.seconds / 3600) {
    for (Line& each : lines) {
      const auto found = hours.back().refused.find(each.name);
      if (found != hours.back().refused.end()) each.last_hour = found->second;
    }
  }
  std::ranges::sort(lines, [](const Line& a, const Line& b) {
    return std::tie(b.all, a.name) < std::tie(a.all, b.name);
  });
  std::string html;
  for (const auto& [technology, count] : facts.counts.issued) {
    html += concat("<tr><td class=\"good\">issued, ", escaped(technology),
                   "</td><td></td><td class=\"number\">", count, "</td></tr>\n");
  }
  for (const Line& each : lines) {
    html += concat("<tr><td><a href=\"", errors_path, "#", escaped(each.name), "\"><code>",
                   escaped(each.name), "</code></a></td><td class=\"number\">", each.last_hour,
                   "</td><td class=\"number\">", each.all, "</td></tr>\n");
  }
  if (html.empty()) html = "<tr><td class=\"soft\">nothing yet</td><td></td><td></td></tr>\n";
  return concat(
      "<h2>By reason</h2>\n<div class=\"card\"><table><tr><th>Reason</th><th "
      "class=\"number\">This hour</th><th class=\"number\">Since the start</th></tr>\n",
      html, "</table></div>\n");
}

/// Kinds of platforms that will be refused, with how many there are of each and why.
std::string platforms_part(const StatusFacts& facts) {
  struct Kind {
    std::size_t count = 0;
    const verify::Outlook* first = nullptr;
  };
  std::map<std::string, Kind> kinds;
  for (const auto& [name, each] : facts.counts.platforms) {
    if (!each.refused_from) continue;
    Kind& kind = kinds[each.kind];
    ++kind.count;
    const bool sooner = kind.first == nullptr || *each.refused_from < *kind.first->refused_from;
    if (sooner) kind.first = &each;
  }
  if (kinds.empty()) return "";
  std::string rows;
  for (const auto& [name, kind] : kinds) {
    std::string why;
    for (const std::string& each : kind.first->reasons) {
      why += concat(why.empty() ? "" : "<br>", escaped(base::printable(each, 300)));
    }
    for (const verify::Shortfall& each : kind.first->shortfalls) {
      why += concat("<br><span class=\"soft\">", escaped(each.what), ": ", each.has, ", wanted ",
                    each.wants, each.raised_by.empty() ? "" : " (", escaped(each.raised_by),
                    each.raised_by.empty() ? "" : ")", "</span>");
    }
    rows += concat("<tr><td>", escaped(name), "<br><span class=\"soft\">", kind.count,
                   kind.count == 1 ? " platform" : " platforms", "</span></td><td>", why,
                   "</td><td class=\"number ", urgency(*kind.first->refused_from, facts.now), "\">",
                   left(*kind.first->refused_from, facts.now), "</td></tr>\n");
  }
  return concat(
      "<h2>Platforms that will be refused</h2>\n<div class=\"card\"><table><tr><th>Platform</th>"
      "<th>Why</th><th class=\"number\">Left</th></tr>\n",
      rows, "</table></div>\n");
}

std::string expiries_part(const StatusFacts& facts) {
  std::string rows;
  for (const Expiry& each : facts.generation.expiries) {
    std::string kind = each.kind;
    std::ranges::replace(kind, '_', ' ');
    rows += concat("<tr><td>", escaped(base::printable(kind)), "<br><span class=\"soft\">",
                   escaped(base::printable(each.name)), "</span></td><td>", when(each.at),
                   "</td><td class=\"number ", urgency(each.at, facts.now), "\">",
                   left(each.at, facts.now), "</td></tr>\n");
  }
  return concat(
      "<h2>What is in use, and until when</h2>\n<div class=\"card\"><table><tr><th>What</th>"
      "<th>Until</th><th class=\"number\">Left</th></tr>\n",
      rows, "</table></div>\n");
}

std::string form_part(const std::string& trouble) {
  return concat(
      "<h2 id=\"try\">Try evidence</h2>\n<div class=\"card\">",
      trouble.empty() ? std::string()
                      : concat("<p class=\"bad\" role=\"alert\">", escaped(trouble), "</p>"),
      "<form method=\"post\" action=\"/status\" enctype=\"multipart/form-data\"><label for=\"file\">A "
      "report, a quote or a certification request</label><input type=\"file\" id=\"file\" name=\"",
      upload_field,
      "\" required><p class=\"soft\">Up to 2 MiB, in any form that merlon evidence verify reads. It "
      "is judged by the policy above and not kept.</p><p><button>Judge</button></p></form></div>\n");
}

}  // namespace

std::string status_page(const StatusFacts& facts) {
  return page("Steward", concat(facts_part(facts), warnings_part(facts.generation),
                                chart_part(facts), reasons_part(facts), platforms_part(facts),
                                expiries_part(facts), form_part(facts.trouble)));
}

}  // namespace merlon::steward_service
