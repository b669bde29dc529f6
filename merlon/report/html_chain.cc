// The chain of certificates and the times of the page of `merlon evidence verify --html`.

#include <algorithm>
#include <set>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/report/html_parts.h"
#include "merlon/x509/name.h"

namespace merlon::report {

using base::concat;
using verify::Appraisal;

namespace {

/// What stands behind "TYPE=" in a subject as it is shown; empty if nothing does.
std::string_view part_of(std::string_view name, std::string_view type) {
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find(", "));
    if (part.starts_with(type) && part.substr(type.size()).starts_with('=')) {
      return part.substr(type.size() + 1);
    }
    name.remove_prefix(std::min(name.size(), part.size() + 2));
  }
  return {};
}

/// The common name in a subject as it is shown, else all of it.
std::string_view short_name(std::string_view name) {
  const std::string_view common = part_of(name, "CN");
  return common.empty() ? name : common;
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
  std::string wrong;
  std::string not_known;
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
    // That nobody says so is no sign that it is revoked.
    const bool unknown = finding->cause == verify::Cause::MissingEndorsement;
    std::string& list = unknown ? not_known : wrong;
    list += concat(list.empty() ? "" : ", ", "<code>", verify::row_of(check).name, "</code>");
  }
  std::string html;
  if (!wrong.empty()) html += concat("<p class=\"bad\">✘ It does not hold: ", wrong, "</p>");
  if (!not_known.empty()) {
    html += concat("<p class=\"bad\">✘ Not known whether revoked: a list is missing (", not_known,
                   ")</p>");
  }
  return html;
}

/// The quoting enclave stands between the platform's certificate and a quote.
std::string enclave_link(const Appraisal& appraisal) {
  const auto version =
      std::ranges::find(appraisal.claims, std::string_view("QE version"), &verify::Claim::name);
  if (version == appraisal.claims.end()) return "";
  return concat("<li class=\"link\"><b>quoting enclave</b>version ", escaped(version->value),
                "<div>its report names the key that signs quotes</div></li>");
}

/// The place of a certificate that was nowhere to be found.
std::string missing_link(std::string_view issuer) {
  return concat("<li class=\"link missing\"><b>missing:</b>its issuer ", escaped(issuer),
                "<div>neither with the evidence nor among the endorsements</div></li>");
}

/// What was used, by its place in the chain.
struct Chain {
  const verify::Lifetime* root = nullptr;
  const verify::Lifetime* signer = nullptr;   ///< of statements about the platform
  std::vector<const verify::Lifetime*> path;  ///< below the root, down to the leaf
  std::vector<const verify::Lifetime*> statements;

  explicit Chain(const Appraisal& appraisal) {
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
    std::ranges::reverse(path);  // the leaf is used first
  }
};

/// Who signed the uppermost certificate that is there.
std::string missing_issuer(const Head& head, const Chain& chain) {
  const verify::Lifetime* top = chain.path.empty() ? chain.signer : chain.path.front();
  if (top == nullptr) return "";
  for (const x509::Certificate& each : head.certificates) {
    const bool same_time =
        each.validity().not_before == top->from && each.validity().not_after == top->until;
    if (same_time && x509::name_text(each.subject()) == top->name) {
      return x509::name_text(each.issuer());
    }
  }
  return "";
}

std::string root_part(const Head& head, const Appraisal& appraisal, const Chain& chain) {
  const std::string in_quote = appraisal.missing_issuer;
  if (chain.root == nullptr) {
    return missing_link(short_name(in_quote.empty() ? missing_issuer(head, chain) : in_quote));
  }
  const verify::Finding* anchor = appraisal.find(verify::Check::PckAnchor);
  if (anchor == nullptr) anchor = appraisal.find(verify::Check::SnpAnchor);
  // Without a chain in the quote it is the root of what was signed about the platform.
  if (anchor != nullptr && !anchor->made) anchor = appraisal.find(verify::Check::TcbSignerPath);
  const bool pinned = anchor != nullptr && anchor->passed;
  // A simulator's root may have the manufacturer's common name.
  const std::string_view owner = part_of(chain.root->name, "O");
  return link(appraisal, *chain.root, "",
              concat(owner.empty() ? "" : " of ", escaped(owner),
                     pinned ? " <small class=\"good nowrap\">✔ its key is pinned</small>"
                            : " <small class=\"bad nowrap\">✘ its key is not pinned</small>"));
}

/// From below the root down to the evidence.
std::string path_part(const Appraisal& appraisal, const Chain& chain) {
  std::string html;
  for (const verify::Lifetime* each : chain.path) html += link(appraisal, *each, "");
  if (chain.path.empty()) {
    const std::string issuer = appraisal.missing_issuer;
    if (chain.root != nullptr) html += missing_link(short_name(issuer));
    if (!issuer.empty()) html += "<li class=\"link\"><b>certificates</b>in the quote</li>";
  }
  html += enclave_link(appraisal);
  return html +
         concat("<li class=\"link end\"><b>", to_string(appraisal.technology),
                appraisal.technology == evidence::Technology::Snp ? " report</b>" : " quote</b>",
                "<div>what is judged</div></li>");
}

}  // namespace

std::string chain_part(const Head& head, const Appraisal& appraisal) {
  const Chain chain(appraisal);
  std::string html = "<h2>Chain</h2>";
  const bool none = chain.path.empty() && chain.root == nullptr && chain.signer == nullptr;
  if (none && appraisal.missing_issuer.empty()) {
    return html + "<div class=\"card\">No certificate vouches for this evidence.</div>\n";
  }
  html += concat("<div class=\"branches", chain.signer != nullptr ? " two" : "",
                 "\"><ul class=\"chain top\">", root_part(head, appraisal, chain),
                 "</ul><ul class=\"chain\">", path_part(appraisal, chain), "</ul>");
  if (chain.signer != nullptr) {
    html += "<ul class=\"chain\">" + link(appraisal, *chain.signer, "");
    for (const verify::Lifetime* each : chain.statements) {
      html += link(appraisal, *each, each == chain.statements.front() ? "" : " same");
    }
    html += "</ul>";
  }
  return html + "</div>" + chain_problems(appraisal) + "\n";
}

namespace {

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
                until == 1000 ? "open-right " : "", counts ? "" : "over", " l", from, " w",
                until - from, "\"></i><u class=\"l500\"></u></span>");
}

}  // namespace

std::string timeline_style(const Appraisal& appraisal) {
  const TimeLine line{appraisal.time};
  std::set<std::int64_t> lefts{500};
  std::set<std::int64_t> widths;
  for (const codec::UnixTime year : years_of(line)) lefts.insert(line.place(year));
  for (const verify::Lifetime& each : appraisal.lifetimes) {
    lefts.insert(line.place(each.from));
    widths.insert(line.place(each.until) - line.place(each.from));
  }
  std::string rules;
  for (const std::int64_t left : lefts) rules += concat(".l", left, "{left:", percent(left), "}");
  for (const std::int64_t width : widths) {
    rules += concat(".w", width, "{width:", percent(width), "}");
  }
  return rules;
}

std::string timeline_part(const Appraisal& appraisal) {
  if (appraisal.lifetimes.empty()) return "";
  const TimeLine line{appraisal.time};
  std::string ticks;
  std::string labels;
  for (const codec::UnixTime year : years_of(line)) {
    const std::int64_t at = line.place(year);
    ticks += concat("<s class=\"l", at, "\"></s>");
    const std::int64_t distance = at < 500 ? 500 - at : at - 500;
    if (distance < 80) continue;   // the time of judging stands there
    if (distance > 460) continue;  // half of it would stand beside the axis
    labels += concat("<span class=\"l", at, distance < 200 ? " near" : "", "\">",
                     date(year).substr(0, 4), "</span>");
  }
  std::string html = concat(
      "<h2>Validity</h2><div class=\"card\"><div class=\"time\"><span class=\"gap\"></span>"
      "<span class=\"axis\">",
      labels, "<span class=\"now l500\">", date(appraisal.time), "</span></span>");
  for (const verify::Lifetime& each : appraisal.lifetimes) {
    const bool first_to_end =
        appraisal.accepted() && appraisal.expiry && *appraisal.expiry == each.until;
    html += concat("<span><b>", escaped(each.what), "</b> <small>", escaped(short_name(each.name)),
                   "</small><br><small class=\"soft nowrap\">", date(each.from), " – ",
                   date(each.until), "</small>",
                   first_to_end ? " <small class=\"nowrap fair\">ends first</small>" : "",
                   "</span>", bar(each, line, ticks));
  }
  return html + "</div></div>\n";
}

}  // namespace merlon::report
