#include "merlon/steward_service/errors_page.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/steward_service/page.h"
#include "merlon/verify/appraisal.h"

namespace merlon::steward_service {

using base::concat;

namespace {

constexpr std::array codes{
    CodeRow{"request.type", "The Content-Type is none of those that a Steward takes."},
    CodeRow{"request.path", "There is nothing under this path."},
    CodeRow{"request.method",
            "What lies under this path cannot be asked in this way; the header "
            "Allow says how."},
    CodeRow{"request.slow", "The request did not come to its end in time."},
    CodeRow{"request.size", "The request has more bytes than a Steward takes."},
    CodeRow{"request.expect", "The header Expect asks for something unknown."},
    CodeRow{"request.address", "Too many connections from this address are open."},
    CodeRow{"request.headers", "The headers have more bytes than a Steward takes."},
    CodeRow{"request.http", "This is no request of HTTP/1.1."},
    CodeRow{"request.version", "This is another version of HTTP."},
    CodeRow{"steward.busy", "Too many requests or connections at once; Retry-After says when."},
    CodeRow{"steward.record",
            "The Steward cannot write down what it issues, so it issues nothing: "
            "its disk may be full."},
    CodeRow{"steward.internal", "The Steward has failed; its log says more."},
};

std::string row(std::string_view code, std::string_view meaning, std::string_view document) {
  return concat("<tr id=\"", escaped(code), "\"><td><code>", escaped(code), "</code></td><td>",
                escaped(meaning), "</td><td>", escaped(document), "</td></tr>\n");
}

}  // namespace

std::span<const CodeRow> service_codes() noexcept { return codes; }

std::string errors_page() {
  std::string rows;
  for (const CodeRow& each : codes) rows += row(each.code, each.meaning, "");
  for (const verify::CheckRow& each : verify::all_checks()) {
    rows += row(each.name, each.holds, each.document);
  }
  return page("Why a Steward refuses",
              concat("<p>Each code is the name of a check that did not hold.</p>\n<table "
                     "class=\"codes\"><tr><th>Code</th><th>What must hold, or what is "
                     "wrong</th><th>Where it is written</th></tr>\n",
                     rows, "</table>\n"));
}

}  // namespace merlon::steward_service
