#include "merlon/steward_service/errors_page.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/report/html_parts.h"
#include "merlon/steward_service/page.h"
#include "merlon/verify/appraisal.h"

namespace merlon::steward_service {

using base::concat;
using report::escaped;

namespace {

constexpr auto codes = std::array{
#define MERLON_SERVICE_ROW(status, code, wanted) CodeRow{status, code, wanted},
#include "merlon/steward_service/codes.def"
#undef MERLON_SERVICE_ROW
};

/// Of those that judge requests before their evidence.
constexpr auto judging_codes = std::array{
#define MERLON_REFUSAL_ROW(id, code, kind, wanted) CodeRow{0, code, wanted},
#include "merlon/steward/refusals.def"
#undef MERLON_REFUSAL_ROW
};

/// Of a broker.
constexpr auto release_codes = std::array{
#define MERLON_REFUSAL_ROW(id, code, kind, wanted) CodeRow{0, code, wanted},
#include "merlon/release/refusals.def"
#undef MERLON_REFUSAL_ROW
};

std::string row(std::string_view code, std::string_view meaning, std::string_view document) {
  return concat("<tr id=\"", escaped(code), "\"><td><code>", escaped(code), "</code></td><td>",
                escaped(meaning), "</td><td>", escaped(document), "</td></tr>\n");
}

}  // namespace

std::span<const CodeRow> service_codes() noexcept { return codes; }

std::string errors_page() {
  std::string rows;
  for (const CodeRow& each : codes) rows += row(each.code, each.wanted, "");
  for (const CodeRow& each : judging_codes) rows += row(each.code, each.wanted, "");
  for (const CodeRow& each : release_codes) rows += row(each.code, each.wanted, "");
  for (const verify::CheckRow& each : verify::all_checks()) {
    rows += row(each.name, each.holds, each.document);
  }
  return page(
      "Why a Steward refuses",
      concat(
          "<p>Each code is the name of a check that did not hold.</p>\n<table "
          "class=\"codes\"><tr><th>Code</th><th>What is asked for</th><th>Where it is written</th></tr>\n",
          rows, "</table>\n"));
}

}  // namespace merlon::steward_service
