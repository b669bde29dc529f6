#include "merlon/service/html.h"

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/hash.h"

namespace merlon::service {

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
code{font-family:ui-monospace,monospace;font-size:.85em;word-break:break-all}
table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600;color:var(--soft)}
th,td{padding:.35rem .8rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.number,th.number{text-align:right;white-space:nowrap}th:last-child,td:last-child{padding-right:0}a{color:inherit}
form{display:flex;gap:.5rem;margin:.8rem 0}input,button{font:inherit;color:inherit;background:var(--card);
border:1px solid var(--line);border-radius:.5rem;padding:.4rem .7rem}input{flex:1;min-width:0}
::placeholder{color:var(--soft);opacity:1}
input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--yes);outline-offset:2px}
@media(max-width:36rem){dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.45rem}})";

}  // namespace

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

std::string code(std::string_view text) { return concat("<code>", escaped(text), "</code>"); }

std::string row(std::string_view name, std::string_view html) {
  return concat("<dt>", name, "</dt><dd>", html, "</dd>\n");
}

std::string html_page(std::string_view title, std::string_view heading, std::string_view html) {
  return concat(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
      "<title>",
      title, "</title><style>", style, "</style></head>\n<body><main><h1>", heading, "</h1>\n",
      html, "</main></body></html>\n");
}

http::Response html_response(unsigned status, std::string html, Forms forms) {
  const auto digest = crypto::sha256({core::as_bytes(style)});
  http::Response response{status, {}, std::move(html)};
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Content-Security-Policy",
       concat("default-src 'none'; style-src 'sha256-", codec::encode_base64(digest.view()),
              "'; form-action ", forms == Forms::Own ? "'self'" : "'none'",
              "; base-uri 'none'; frame-ancestors 'none'")},
      {"Cache-Control", "no-store"},
      {"Referrer-Policy", "no-referrer"},
      {"X-Content-Type-Options", "nosniff"}};
  return response;
}

}  // namespace merlon::service
