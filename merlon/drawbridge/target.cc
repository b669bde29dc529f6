#include "merlon/drawbridge/target.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/percent.h"
#include "merlon/registry/names.h"

namespace merlon::drawbridge {

using base::concat;
using What = Target::What;

namespace {

constexpr std::size_t max_path = 4096;
constexpr std::size_t max_depth = 32;
/// The version of Enarx' server that this one is as.
constexpr std::uint64_t own_major = 0;
constexpr std::uint64_t own_minor = 4;

Refusal no_route(std::string_view path) {
  return refuse(404, concat("Route `", base::printable(path), "` not found"));
}
Refusal no_route_of_repository() { return refuse(404, "Route not found on repository"); }

/// The part in front of the next "/", which goes too.
std::string_view next_part(std::string_view& rest) {
  const std::string_view part = rest.substr(0, rest.find('/'));
  rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  return part;
}

Result<void> check_version(std::string_view text) {
  if (!registry::is_tag(text)) return refuse(400, "Failed to parse SemVer version");
  const std::string_view major = text.substr(0, text.find('.'));
  const std::string_view rest = text.substr(major.size() + 1);
  const auto first = base::parse_decimal(major);
  const auto second = base::parse_decimal(rest.substr(0, rest.find('.')));
  const bool later =
      !first || !second || *first > own_major || (*first == own_major && *second > own_minor);
  if (later) return refuse(501, concat("Unsupported API version `", text, "`"));
  return {};
}

/// Names with "/" between them; one before and one behind them do no harm.
Result<std::string> tree_path(std::string_view text) {
  if (text.starts_with('/')) text.remove_prefix(1);
  if (text.ends_with('/')) text.remove_suffix(1);
  std::string path;
  std::size_t depth = 0;
  while (!text.empty()) {
    const std::string name = codec::decode_percent(next_part(text));
    if (!registry::is_entry(name) || ++depth > max_depth) {
      return refuse(400, "Failed to parse tree path");
    }
    path += concat(path.empty() ? "" : "/", name);
  }
  return path;
}

/// Behind "USER/REPOSITORY/_tag/".
Result<Target> parse_tag(Target target, std::string_view rest) {
  target.tag = codec::decode_percent(next_part(rest));
  if (!registry::is_tag(target.tag)) return refuse(400, "Failed to parse tag");
  if (rest.empty()) {
    target.what = What::Tag;
    return target;
  }
  const std::string_view what = next_part(rest);
  if (what == "tree") {
    target.what = What::Tree;
  } else if (what == "upload") {
    target.what = What::Upload;
  } else if (what == "yank" && rest.empty()) {
    target.what = What::Yank;
    return target;
  } else {
    return no_route_of_repository();
  }
  target.path = TRY(tree_path(rest));
  return target;
}

Result<Target> parse_tail(Target target, std::string_view tail) {
  const std::string_view what = next_part(tail);
  if (what == "_tag") {
    if (!tail.empty()) return parse_tag(std::move(target), tail);
    target.what = What::Tags;
    return target;
  }
  if (what == "_token") {
    target.what = tail.empty() ? What::Tokens : What::Token;
    target.id = tail;
    return target;
  }
  if (!tail.empty()) return no_route_of_repository();
  if (what == "_versions") {
    target.what = What::Versions;
  } else if (what == "_admission") {
    target.what = What::Admission;
  } else {
    return no_route_of_repository();
  }
  return target;
}

}  // namespace

Result<Target> parse_target(std::string_view path) {
  constexpr std::string_view front = "/api/v";
  const std::string_view whole = path;
  if (path.size() > max_path) return refuse(414, "The path is too long");
  if (!path.starts_with(front)) return no_route(whole);
  path.remove_prefix(front.size());
  TRY(check_version(next_part(path)));
  Target target;
  const bool of_all = path.starts_with('_');
  const std::size_t split = of_all ? 0 : path.find("/_");
  std::string_view head = of_all ? "" : path.substr(0, split);
  std::string_view tail = of_all ? path : "";
  if (!of_all && split != std::string_view::npos) tail = path.substr(split + 1);
  if (head.ends_with('/')) head.remove_suffix(1);
  if (tail == "_repositories" && head.find('/') == std::string_view::npos) {
    target.what = What::Repositories;
    target.user = head;
    if (!head.empty() && !registry::is_user(head)) return refuse(400, "Failed to parse user name");
    return target;
  }
  target.user = next_part(head);
  if (target.user.empty()) return no_route(whole);
  if (!registry::is_user(target.user)) return refuse(400, "Failed to parse user name");
  if (head.empty()) return target;
  target.repository = head;
  if (!registry::is_repository(target.repository)) {
    return refuse(400, "Failed to parse repository name");
  }
  target.what = What::Repository;
  if (tail.empty()) return target;
  return parse_tail(std::move(target), tail);
}

std::string query_value(std::string_view target, std::string_view name) {
  const std::size_t question = target.find('?');
  std::string_view rest = question == std::string_view::npos ? "" : target.substr(question + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const std::size_t equals = pair.find('=');
    if (pair.substr(0, equals) != name || equals == std::string_view::npos) continue;
    std::string value(pair.substr(equals + 1));
    std::ranges::replace(value, '+', ' ');
    return codec::decode_percent(value);
  }
  return "";
}

}  // namespace merlon::drawbridge
