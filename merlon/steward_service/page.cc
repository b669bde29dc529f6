#include "merlon/steward_service/page.h"

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/hash.h"
#include "merlon/report/html_parts.h"

namespace merlon::steward_service {

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
h1{font-size:1.5rem;margin:.2rem 0 1rem}h2{font-size:1.15rem;margin:2.2rem 0 .7rem}
p{margin:.3rem 0}.soft{color:var(--soft)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:.8rem 1rem;margin:.8rem 0}
.warn{border-left:.45rem solid var(--warn)}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.3rem 1.2rem;margin:0}
dt{color:var(--soft)}dd{margin:0}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th{text-align:left;color:var(--soft);font-weight:600}
td,th{padding:.4rem .8rem .4rem 0;border-top:1px solid var(--line);vertical-align:top}
tr:first-child>*{border-top:0}tr:target{background:var(--card)}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.number+.number{padding-left:.6rem}th.number{white-space:normal}
.good{color:var(--yes)}.bad{color:var(--no)}.fair{color:var(--warn)}
code{font-family:ui-monospace,monospace;font-size:.85em}
svg{display:block;width:100%;height:8rem}
.issued{fill:var(--yes)}.refused{fill:var(--no)}.axis{stroke:var(--line)}
label{display:block;margin:.2rem 0;font-weight:600}
input[type=file]{width:100%;padding:.5rem 0;color:inherit;font:inherit}
button{font:inherit;font-weight:600;padding:.5rem 1.2rem;border-radius:.5rem;border:1px solid var(--soft);
background:var(--card);color:var(--ink);cursor:pointer}
:focus-visible{outline:3px solid var(--warn);outline-offset:2px}
@media(max-width:36rem){dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.5rem}
.codes,.codes tbody,.codes tr,.codes td{display:block}.codes tr:has(th){display:none}
.codes tr{border-top:1px solid var(--line);padding:.4rem 0}.codes td{border:0;padding:.1rem 0}})";

}  // namespace

std::string page(std::string_view title, std::string_view content) {
  return concat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>",
      report::escaped(title), "</title><style>", style, "</style></head>\n<body><main><h1>",
      report::escaped(title), "</h1>\n", content, "</main></body></html>\n");
}

http::Response html_response(std::string html) {
  constexpr std::string_view begin = "<style>";
  const std::size_t start = html.find(begin);
  const std::size_t end = html.find("</style>");
  std::string allowed = "'none'";
  if (start != std::string::npos && end != std::string::npos && start < end) {
    const std::string_view text =
        std::string_view(html).substr(start + begin.size(), end - start - begin.size());
    const crypto::Sha256Digest digest = crypto::sha256({core::as_bytes(text)});
    allowed = concat("'sha256-", codec::encode_base64(digest.view()), "'");
  }
  http::Response response{200, {}, std::move(html)};
  response.headers = {{"Content-Type", "text/html; charset=utf-8"},
                      {"Content-Security-Policy",
                       concat("default-src 'none'; style-src ", allowed,
                              "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")},
                      {"Cache-Control", "no-store"},
                      {"Referrer-Policy", "no-referrer"},
                      {"X-Content-Type-Options", "nosniff"}};
  return response;
}

}  // namespace merlon::steward_service
