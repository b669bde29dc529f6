#include "merlon/drawbridge/pages.h"

#include <algorithm>
#include <array>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/codec/percent.h"
#include "merlon/registry/records.h"
#include "merlon/service/html.h"

namespace merlon::drawbridge {

using base::concat;
using service::code;
using service::escaped;
using service::row;

namespace {

std::string form(std::string_view search) {
  return concat(
      "<form method=\"get\" action=\"/\"><input type=\"search\" name=\"search\" "
      "aria-label=\"Words of a name\" placeholder=\"Words of a name\" maxlength=\"200\" value=\"",
      escaped(search), "\"><button>Search</button></form>\n");
}

constexpr std::string_view all_packages = "<p><a href=\"/\">All packages</a></p>\n";

/// `heading` is HTML.
std::string page(std::string_view heading, std::string_view html) {
  return service::html_page(heading, heading, html);
}

std::string count_text(std::uint64_t count, std::string_view one, std::string_view many) {
  return concat(count, " ", count == 1 ? one : many);
}

std::string version(const std::string& repository, const registry_store::Tag& tag) {
  const bool is_signed = tag.type == registry::signed_tag_type;
  std::string rows = row("Digest", code(concat("sha-256=", tag.digest)));
  rows +=
      row("Size", concat(size_text(tag.length), ", ", count_text(tag.nodes, "entry", "entries")));
  rows += row("Signature", is_signed ? "signed; <code>--signed-by</code> says by whom"
                                     : "<span class=\"soft\">none</span>");
  rows += row("Published", escaped(codec::to_rfc3339(tag.created)));
  if (tag.yanked) {
    rows += row("Withdrawn", concat("<span class=\"bad\">", escaped(*tag.yanked), "</span>"));
  } else {
    rows += row("Use", code(concat("merlon deploy HOST/", repository, ":", tag.name,
                                   "@sha-256=", tag.digest)));
  }
  return concat("<article class=\"", tag.yanked ? "lost" : "running", "\"><h2>", code(tag.name),
                tag.yanked ? "<span class=\"state\">withdrawn</span>" : "", "</h2>\n<dl>", rows,
                "</dl></article>\n");
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> units{"KiB", "MiB", "GiB", "TiB"};
  constexpr std::uint64_t step = 1024;
  if (bytes < step) return count_text(bytes, "byte", "bytes");
  std::uint64_t whole = bytes;
  std::uint64_t rest = 0;
  std::size_t unit = 0;
  for (whole /= step, rest = bytes % step; whole >= step && unit + 1 < units.size(); ++unit) {
    rest = whole % step;
    whole /= step;
  }
  return concat(whole, ".", rest * 10 / step, " ", units[unit]);
}

std::string search_page(std::string_view search,
                        const std::vector<registry_store::RepositorySummary>& found,
                        std::string_view next) {
  std::string html = form(search);
  if (found.empty() && next.empty()) {
    html += search.empty() ? "<p class=\"soft\">There is nothing public here.</p>\n"
                           : "<p class=\"soft\">Nothing public has such a name.</p>\n";
    return page("Packages", html);
  }
  html +=
      "<table><thead><tr><th scope=\"col\">Repository</th><th scope=\"col\" class=\"number\">"
      "Versions</th><th scope=\"col\" class=\"number\">Size</th></tr></thead><tbody>\n";
  for (const registry_store::RepositorySummary& each : found) {
    html += concat("<tr><td><a href=\"/", escaped(each.name), "\">", escaped(each.name),
                   "</a></td><td class=\"number\">", each.tags, "</td><td class=\"number\">",
                   size_text(each.length), "</td></tr>\n");
  }
  html += "</tbody></table>\n";
  if (!next.empty()) {
    html += concat("<p><a href=\"/?search=", escaped(codec::encode_percent(search)),
                   "&amp;after=", escaped(codec::encode_percent(next)), "\">More</a></p>\n");
  }
  return page("Packages", html);
}

std::string repository_page(const std::string& name, const std::vector<registry_store::Tag>& tags) {
  std::string html = form("");
  html +=
      "<p class=\"soft\">Everybody may read it. This registry need not be believed: whoever fetches "
      "compares every byte with the digest.</p>\n";
  if (tags.empty()) html += "<p>No version has been published yet.</p>\n";
  std::vector<const registry_store::Tag*> newest;
  for (const registry_store::Tag& each : tags) newest.push_back(&each);
  // Of the same second: in the order in which they came.
  std::ranges::sort(newest, [](const registry_store::Tag* one, const registry_store::Tag* other) {
    return std::pair(other->created.seconds, one) < std::pair(one->created.seconds, other);
  });
  for (const registry_store::Tag* each : newest) html += version(name, *each);
  html += all_packages;
  return page(escaped(name), html);
}

std::string nothing_page() {
  return page("Not here", concat(form(""), "<p>There is no public repository of this name.</p>\n",
                                 all_packages));
}

}  // namespace merlon::drawbridge
