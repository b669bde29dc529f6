#include "merlon/gatehouse/keeps_page.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/hash.h"
#include "merlon/evidence/evidence.h"

namespace merlon::gatehouse {

using base::concat;

namespace {

constexpr std::string_view style = R"(
:root{color-scheme:light dark;--bg:#f6f6f4;--card:#fff;--ink:#1c1f24;--soft:#59616d;--line:#dadde2;
--yes:#13703a;--no:#b3261e;--warn:#8a5a00}
@media(prefers-color-scheme:dark){:root{--bg:#131519;--card:#1c1f25;--ink:#e8eaed;--soft:#a2aab6;
--line:#353a44;--yes:#6fd695;--no:#ff9d94;--warn:#f2c063}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;margin:.2rem 0 .6rem}h2{font-size:1rem;margin:0 0 .5rem;display:flex;gap:.8rem;
flex-wrap:wrap;align-items:baseline;justify-content:space-between}
p{margin:.3rem 0}.soft{color:var(--soft)}
article{background:var(--card);border:1px solid var(--line);border-left:.45rem solid var(--line);
border-radius:.7rem;padding:.8rem 1rem;margin:.9rem 0}
article.running,article.waiting{border-left-color:var(--yes)}article.lost{border-left-color:var(--no)}
.state{font-weight:600}.running .state,.waiting .state{color:var(--yes)}.lost .state,.bad{color:var(--no)}
.warn{border-left-color:var(--warn)}
dl{display:grid;grid-template-columns:9rem minmax(0,1fr);gap:.25rem 1rem;margin:0}
dt{color:var(--soft)}dd{margin:0}
code{font-family:ui-monospace,monospace;font-size:.85em}
@media(max-width:36rem){dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.45rem}})";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : base::printable(text, text.size())) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string page(std::string_view content) {
  return concat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<title>Keeps of this gatehouse</title><style>",
      style, "</style></head>\n<body><main><h1>Keeps</h1>\n", content, "</main></body></html>\n");
}

std::string row(std::string_view name, std::string_view html) {
  return concat("<dt>", name, "</dt><dd>", html, "</dd>\n");
}
std::string code(std::string_view text) { return concat("<code>", escaped(text), "</code>"); }

std::string age_of(std::string_view made, codec::UnixTime now) {
  const auto time = codec::parse_rfc3339(made);
  if (!time || now < *time) return "";
  const std::int64_t seconds = now.seconds - time->seconds;
  struct Unit {
    std::int64_t seconds;
    std::string_view name;
  };
  constexpr std::array units{Unit{86'400, "days"}, Unit{3'600, "hours"}, Unit{60, "minutes"}};
  for (const Unit& each : units) {
    if (seconds >= 2 * each.seconds) return concat(seconds / each.seconds, " ", each.name, " ago");
  }
  return concat(seconds, seconds == 1 ? " second ago" : " seconds ago");
}

std::string snp_rows(const snp::Report& report) {
  std::string rows = row("Measurement", code(base::hex(report.measurement.view())));
  std::optional<snp::Product> product;
  if (report.cpuid) {
    product = snp::product_of_cpuid(report.cpuid->family, report.cpuid->model);
  }
  if (product) {
    const bool simulated = *product == snp::Product::Simulator;
    rows += row("Processor", concat(simulated ? "<span class=\"bad\">" : "<span>",
                                    escaped(snp::to_string(*product)), "</span>"));
    const auto tcb = snp::components(report.reported_tcb, *product);
    const unsigned loader = tcb.bootloader;
    const unsigned tee = tcb.tee;
    const unsigned firmware = tcb.snp;
    const unsigned microcode = tcb.microcode;
    rows += row("Reported TCB", concat("bootloader ", loader, ", TEE ", tee, ", SNP ", firmware,
                                       ", microcode ", microcode));
  }
  if (report.author_key_enabled) {
    rows += row("Author's key", code(base::hex(report.author_key_digest.view())));
  }
  rows += row("Debugging", report.policy.debug()
                               ? "<span class=\"bad\">allowed: its host can read it</span>"
                               : "not allowed");
  return rows;
}

/// What the proof says, or why it says nothing.
std::string proof_rows(const ListedKeep& keep) {
  if (!keep.proof) return row("Proof", "cannot be read");
  if (keep.proof->evidence.empty()) {
    return row("Proof", "<span class=\"bad\">none: nothing attests this keep</span>");
  }
  const auto parsed = evidence::Evidence::parse(keep.proof->evidence);
  if (!parsed) return row("Proof", "is no evidence that is known here");
  std::string rows = row("Proof", escaped(parsed->described()));
  if (const auto* const snp = std::get_if<evidence::SnpEvidence>(&parsed->report)) {
    rows += snp_rows(snp->report);
  }
  return rows;
}

std::string article(const ListedKeep& keep, codec::UnixTime now) {
  const std::string_view state = name_of(keep.state);
  const std::string age = age_of(keep.record.made, now);
  std::string rows = row("Backend", escaped(host::name_of(keep.record.backend)));
  rows += row("Made", concat(escaped(keep.record.made), age.empty() ? "" : ", ", age));
  if (!keep.end.empty()) rows += row("End", concat(escaped(keep.end), ", by its host's word"));
  rows += proof_rows(keep);
  return concat("<article class=\"", state, "\"><h2>", code(keep.record.id),
                "<span class=\"state\">", state, "</span></h2>\n<dl>", rows, "</dl></article>\n");
}

}  // namespace

std::string keeps_page(const std::vector<ListedKeep>& keeps, codec::UnixTime now) {
  std::string content =
      "<article class=\"warn\"><p>This is what each keep's own proof says, as this gatehouse decodes "
      "it. Nothing here was judged, and nothing here has to be believed: a gatehouse could show "
      "anything. <code>merlon keeps evidence ID</code> judges a proof on your own machine, by your "
      "policy.</p></article>\n";
  if (keeps.empty()) content += "<p class=\"soft\">You have no keeps here.</p>\n";
  for (auto each = keeps.rbegin(); each != keeps.rend(); ++each) content += article(*each, now);
  return page(content);
}

std::string stranger_page(std::string_view why) {
  return page(concat("<article class=\"warn\"><p>", escaped(why), ".</p></article>\n"));
}

http::Response html_response(unsigned status, std::string html) {
  const auto digest = crypto::sha256({core::as_bytes(style)});
  http::Response response{status, {}, std::move(html)};
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Content-Security-Policy",
       concat("default-src 'none'; style-src 'sha256-", codec::encode_base64(digest.view()),
              "'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")},
      {"Cache-Control", "no-store"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"}};
  return response;
}

}  // namespace merlon::gatehouse
