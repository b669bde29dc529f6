#include "merlon/s3/xml.h"

#include <algorithm>
#include <array>
#include <vector>

#include "merlon/base/text.h"

namespace merlon::s3 {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t max_depth = 8;
constexpr std::string_view blanks = " \t\r\n";

core::Error malformed() { return core::error(ErrorCode::Malformed, "an answer that is no XML"); }

bool is_name(std::string_view name) noexcept {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    const char low = base::lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == ':';
  });
}

/// "&#65;", "&#x41;": of ASCII, since names of ours have nothing else.
Result<char> numbered(std::string_view digits) {
  const bool hex = digits.starts_with('x');
  if (hex) digits.remove_prefix(1);
  unsigned number = 0;
  if (digits.empty() || digits.size() > 4) return malformed();
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, hex ? 16 : 10);
  constexpr unsigned most = 0x7E;
  if (error != std::errc() || end != digits.data() + digits.size() || number > most) {
    return malformed();
  }
  return static_cast<char>(number);
}

Result<std::string> unescaped(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, char>, 5> named{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  std::string plain;
  while (!text.empty()) {
    const std::size_t at = text.find('&');
    plain += text.substr(0, at);
    if (at == std::string_view::npos) break;
    const std::size_t end = text.find(';', at);
    if (end == std::string_view::npos) return malformed();
    const std::string_view name = text.substr(at + 1, end - at - 1);
    const auto* const found =
        std::ranges::find(named, name, &std::pair<std::string_view, char>::first);
    if (found != named.end()) {
      plain += found->second;
    } else if (name.starts_with('#')) {
      plain += TRY(numbered(name.substr(1)));
    } else {
      return malformed();
    }
    text.remove_prefix(end + 1);
  }
  return core::Result<std::string>(std::move(plain));
}

struct Open {
  std::size_t parent = 0;  ///< how long the path was without it
  std::string content{};
};

}  // namespace

Result<void> read_xml(
    std::string_view text,
    const std::function<void(std::string_view path, const std::string& content)>& element) {
  std::vector<Open> open;
  std::string path;
  bool any = false;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find('<'), text.size());
    const std::string_view between = text.substr(0, at);
    if (!open.empty()) {
      open.back().content += TRY(unescaped(between));
    } else if (between.find_first_not_of(blanks) != std::string_view::npos) {
      return malformed();
    }
    text.remove_prefix(at);
    if (text.empty()) break;
    const std::size_t end = text.find('>');
    if (end == std::string_view::npos) return malformed();
    std::string_view tag = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    if (tag.starts_with('?') && tag.ends_with('?') && !any) continue;  // the declaration
    const bool closes = tag.starts_with('/');
    if (closes) tag.remove_prefix(1);
    const bool empty = !closes && tag.ends_with('/');
    if (empty) tag.remove_suffix(1);
    const std::string_view name = tag.substr(0, tag.find_first_of(blanks));
    if (!is_name(name)) return malformed();
    if (!closes) {
      if (open.size() >= max_depth || (open.empty() && any)) return malformed();
      any = true;
      open.push_back({path.size()});
      path += base::concat(path.empty() ? "" : "/", name);
    }
    if (closes || empty) {
      if (open.empty()) return malformed();
      const std::size_t start = open.back().parent == 0 ? 0 : open.back().parent + 1;
      if (std::string_view(path).substr(start) != name) return malformed();
      element(path, open.back().content);
      path.resize(open.back().parent);
      open.pop_back();
    }
  }
  if (!any || !open.empty()) return malformed();
  return {};
}

}  // namespace merlon::s3
