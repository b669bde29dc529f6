#include "merlon/http/message.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/http/content.h"

namespace merlon::http {

using base::concat;

namespace {

std::string two_digits(std::int64_t number) { return concat(number < 10 ? "0" : "", number); }

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// What stands in front of the next `mark` outside of quotes; `text` loses it and the mark.
std::string_view take_until(std::string_view& text, char mark) noexcept {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted && text[at] == '\\') ++at;
    if (!quoted && at < text.size() && text[at] == mark) break;
  }
  at = std::min(at, text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return trimmed(part);
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// "0.25" in thousandths [RFC9110 §12.4.2]; 0 for what is no weight.
unsigned weight_of(std::string_view text) noexcept {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return 0;
  unsigned weight = text[0] == '1' ? 1000 : 0;
  text.remove_prefix(1);
  if (text.empty()) return weight;
  if (text[0] != '.' || text.size() > 4) return 0;
  unsigned scale = 100;
  for (const char c : text.substr(1)) {
    if (!is_digit(c)) return 0;
    weight += static_cast<unsigned>(c - '0') * scale;
    scale /= 10;
  }
  return std::min(weight, 1000U);
}

/// One range of an Accept header; precision 0 is "*/*", 1 "text/*", 2 a type, 3 one with
/// parameters.
struct Range {
  std::string_view type;
  unsigned precision = 0;
  unsigned weight = 1000;
};

Range range_of(std::string_view element) noexcept {
  Range range;
  range.type = take_until(element, ';');
  range.precision = range.type == "*/*" ? 0 : range.type.ends_with("/*") ? 1 : 2;
  while (!element.empty()) {
    const std::string_view parameter = take_until(element, ';');
    if (parameter.size() > 2 && base::lower(parameter[0]) == 'q' && parameter[1] == '=') {
      range.weight = weight_of(parameter.substr(2));
    } else if (!parameter.empty()) {
      range.precision = 3;
    }
  }
  return range;
}

bool fits(const Range& range, std::string_view type) noexcept {
  switch (range.precision) {
    case 0: return true;
    case 1: {
      const std::string_view kind = range.type.substr(0, range.type.size() - 1);
      return base::equal_ignoring_case(type.substr(0, kind.size()), kind);
    }
    case 2: return base::equal_ignoring_case(range.type, type);
    default: return false;  // our types have no parameters
  }
}

unsigned acceptance_from(std::optional<std::string_view> accept, std::string_view type,
                         unsigned least_precision) noexcept {
  if (!accept) return least_precision == 0 ? 1000 : 0;
  constexpr int most = 32;
  unsigned best = 0;
  unsigned precision = 0;
  std::string_view rest = *accept;
  for (int count = 0; count < most && !rest.empty(); ++count) {
    const Range range = range_of(take_until(rest, ','));
    if (!fits(range, type) || range.precision < std::max(precision, least_precision)) continue;
    best = range.weight;
    precision = range.precision;
  }
  return best;
}

/// Of a header's value: what is sent.
void append_clean(std::string& out, std::string_view text) {
  const std::size_t before = out.size();
  out += text;
  const auto acts = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), acts, ' ');
}

}  // namespace

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
  const auto found = std::ranges::find(headers, name, &Header::name);
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

std::string Request::joined(std::string_view name) const {
  std::string all;
  for (const Header& each : headers) {
    if (each.name == name) all += concat(all.empty() ? "" : ", ", each.value);
  }
  return all;
}

std::string_view Request::path() const noexcept {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view reason_phrase(unsigned status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 204: return "No Content";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}

std::string http_date(codec::UnixTime time) {
  constexpr auto days = std::array{"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr auto months = std::array{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_days day = std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(time.seconds)));
  const std::chrono::year_month_day date(day);
  const std::int64_t second =
      time.seconds - day.time_since_epoch().count() * codec::seconds_per_day;
  const auto weekday = static_cast<std::size_t>(((day.time_since_epoch().count() % 7) + 7) % 7);
  const auto month = static_cast<unsigned>(date.month()) - 1;
  return concat(days[weekday], ", ", two_digits(static_cast<unsigned>(date.day())), " ",
                months[month], " ", static_cast<int>(date.year()), " ", two_digits(second / 3600),
                ":", two_digits(second / 60 % 60), ":", two_digits(second % 60), " GMT");
}

std::uint64_t content_length(const Response& response) noexcept {
  return response.content ? response.content->size() : response.body.size();
}

std::string response_head(const Response& response, const Framing& framing) {
  constexpr std::size_t usual_size = 512;
  std::string head;
  head.reserve(usual_size);
  const auto append = [&head](const auto&... parts) {
    (head.append(base::TextPart(parts).text()), ...);
  };
  append("HTTP/1.1 ", response.status, " ", reason_phrase(response.status), "\r\n");
  for (const Header& each : response.headers) {
    append_clean(head, each.name);
    head += ": ";
    append_clean(head, each.value);
    head += "\r\n";
  }
  append("Date: ", http_date(framing.now), "\r\n");
  // [RFC9110 §8.6]: these two have no content.
  if (response.status != 204 && response.status != 304) {
    append("Content-Length: ", content_length(response), "\r\n");
  }
  if (!framing.keep_alive) {
    head += "Connection: close\r\n";
  } else if (framing.minor_version == 0) {
    head += "Connection: keep-alive\r\n";
  }
  head += "\r\n";
  return head;
}

unsigned acceptance(std::optional<std::string_view> accept, std::string_view type) noexcept {
  return acceptance_from(accept, type, 0);
}

unsigned named_acceptance(std::optional<std::string_view> accept, std::string_view type) noexcept {
  return acceptance_from(accept, type, 2);
}

}  // namespace merlon::http
