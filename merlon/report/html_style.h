#pragma once

// Private to the room: how the page of `merlon evidence verify --html` looks. Tables become one
// card a row where they are too wide to be read as tables, so that nothing scrolls sideways.

#include <string_view>

namespace merlon::report {

inline constexpr std::string_view page_style = R"(
:root{color-scheme:light dark;--bg:#f6f6f4;--card:#fff;--ink:#1c1f24;--soft:#59616d;--line:#dadde2;
--yes:#13703a;--yes-bg:#e2f3e8;--no:#b3261e;--no-bg:#fbe7e5;--warn:#8a5a00;--bar:#7f91ac;--tick:#e6e8ec}
@media(prefers-color-scheme:dark){:root{--bg:#131519;--card:#1c1f25;--ink:#e8eaed;--soft:#a2aab6;
--line:#353a44;--yes:#6fd695;--yes-bg:#16321f;--no:#ff9d94;--no-bg:#41201d;--warn:#f2c063;--bar:#6f83a3;
--tick:#2b3039}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
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
table{border-collapse:collapse;width:100%;font-size:.92rem;table-layout:fixed}
.refusals th:nth-child(1){width:22%}.refusals th:nth-child(2){width:24%}.refusals th:nth-child(4){width:20%}
.levels th:nth-child(1){width:34%}.levels th:nth-child(3){width:26%}.claims td:first-child{width:22%}
.checks th:nth-child(1){width:1.6rem}.checks th:nth-child(2){width:22%}.checks th:nth-child(3){width:23%}
.checks th:nth-child(5){width:19%}footer{margin-top:2.2rem;font-size:.85rem}
th{text-align:left;color:var(--soft);font-weight:600}
td,th{padding:.4rem .8rem .4rem 0;border-top:1px solid var(--line);vertical-align:top}
td:last-child,th:last-child{padding-right:0}
tr:first-child>*{border-top:0}tbody.next tr:first-child>*{border-top:2px solid var(--line)}
code,.mono,pre{font-family:ui-monospace,monospace;font-size:.85em}
pre{margin:.3em 0;white-space:pre-wrap;overflow-wrap:anywhere}summary{cursor:pointer}
.mark{font-weight:700}.nowrap{white-space:nowrap}
.branches{display:grid;grid-template-columns:minmax(0,1fr);gap:0 1.2rem}
.branches.two{grid-template-columns:minmax(0,1fr) minmax(0,1fr)}
.chain{list-style:none;margin:0;padding:0}
.link{position:relative;background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:.55rem .9rem;margin:0}
.link b{margin-right:.5rem}.link div{font-size:.88rem;color:var(--soft)}
.link.missing{border-style:dashed;background:none;color:var(--no)}
.chain .link{margin-top:1.7rem}
.chain .link::before{content:"";position:absolute;left:1.4rem;top:-1.7rem;height:1.7rem;
border-left:2px solid var(--bar)}
.chain .link::after{content:"signs";position:absolute;left:2.1rem;top:-1.5rem;font-size:.8rem;color:var(--soft)}
.chain .link.same::after{content:"and"}.chain.top{grid-column:1/-1}
.chain.top .link{margin-top:0}.chain.top .link::before,.chain.top .link::after{display:none}
.chain .link.end{border-color:var(--bar);border-width:2px}
.time{display:grid;grid-template-columns:minmax(10rem,19rem) minmax(0,1fr);gap:.55rem 1rem;align-items:center}
.track{position:relative;height:1.15rem;background:var(--bg);border-radius:.2rem;overflow:hidden}
.axis{position:relative;height:1.3rem;font-size:.8rem;color:var(--soft)}
.axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}
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
.levels td:first-child,.levels th:first-child{padding-left:.7rem}
.under{display:none}
@media(max-width:60rem){.wide,.stack th,.stack td.wide{display:none}.under{display:block}.levels .under{display:inline}
.stack,.stack tbody,.stack tr,.stack td{display:block}.stack td,.stack tbody.next tr:first-child>*{border:0;padding:0 0 .2rem}
.stack td:first-child{width:auto}.stack tr{padding:.5rem 0;border-top:1px solid var(--line)}
.stack tr:first-child,.stack tbody:first-of-type tr:first-child{border-top:0}
.stack tbody.next+tbody.next tr:first-child{border-top:2px solid var(--line)}
.stack tr:has(th){display:none}.stack tr:has(th)+tr{border-top:0}.claims td:first-child{color:var(--soft)}
.levels tr{padding:.5rem .7rem}.levels td:first-child{padding-left:0}.levels tr.taken{background:var(--bg)}
.levels tr.taken td:first-child{box-shadow:none}.levels tr.taken.good{box-shadow:inset .25rem 0 var(--yes)}
.levels tr.taken.fair{box-shadow:inset .25rem 0 var(--warn)}.levels tr.taken.bad{box-shadow:inset .25rem 0 var(--no)}
.checks tr{display:grid;grid-template-columns:1.6rem minmax(0,1fr)}.checks td:nth-child(n+3){grid-column:2}}
@media(max-width:44rem){.branches.two{grid-template-columns:minmax(0,1fr)}.axis .near{display:none}
.branches.two .chain:last-child .link:first-child::before{border-left-style:dotted}
.branches.two .chain:last-child .link:first-child::after{content:"the root also signs"}
main{padding:1rem .7rem 3rem}.time{grid-template-columns:minmax(0,1fr);gap:.15rem}
.time .track,.time .axis{margin-bottom:.5rem}.time .gap{display:none}.card{padding:.7rem .8rem}
.verdict{padding:.9rem 1rem}}
@media print{body{background:#fff}.card,.link,.verdict{break-inside:avoid}}
)";

}  // namespace merlon::report
