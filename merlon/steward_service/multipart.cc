#include "merlon/steward_service/multipart.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::steward_service {

namespace {

constexpr std::size_t max_parts = 16;
constexpr std::size_t max_boundary = 70;  // [RFC2046 §5.1.1]

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The value of `name` among parameters "; name=value; name=\"value\""; nothing if it is not there.
/// Quotes end at the next one: browsers write those of names as %22.
std::optional<std::string_view> parameter(std::string_view parameters, std::string_view name) {
  while (!parameters.empty()) {
    const std::size_t equals = parameters.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    std::string_view key = parameters.substr(0, equals);
    const std::size_t separator = key.rfind(';');
    if (separator != std::string_view::npos) key.remove_prefix(separator + 1);
    parameters.remove_prefix(equals + 1);
    const bool quoted = parameters.starts_with('"');
    if (quoted) parameters.remove_prefix(1);
    const std::size_t end = std::min(parameters.find(quoted ? '"' : ';'), parameters.size());
    const std::string_view value = parameters.substr(0, end);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (base::equal_ignoring_case(trimmed(key), name)) return quoted ? value : trimmed(value);
  }
  return std::nullopt;
}

struct Part {
  std::string_view disposition;  ///< what follows "Content-Disposition:"
  std::string_view content;
};

/// `text` is one part, headers and content, without the boundaries.
std::optional<Part> part_of(std::string_view text) {
  const std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  Part part;
  part.content = text.substr(end + 4);
  std::string_view headers = text.substr(0, end);
  while (!headers.empty()) {
    const std::size_t line_end = std::min(headers.find("\r\n"), headers.size());
    const std::string_view line = headers.substr(0, line_end);
    headers.remove_prefix(std::min(line_end + 2, headers.size()));
    const std::size_t colon = std::min(line.find(':'), line.size());
    if (base::equal_ignoring_case(line.substr(0, colon), "content-disposition")) {
      part.disposition = trimmed(line.substr(std::min(colon + 1, line.size())));
    }
  }
  return part;
}

}  // namespace

std::optional<UploadedFile> uploaded_file(std::string_view content_type, std::string_view body,
                                          std::string_view field) {
  constexpr std::string_view type = "multipart/form-data";
  const std::size_t end_of_type = std::min(content_type.find(';'), content_type.size());
  if (!base::equal_ignoring_case(trimmed(content_type.substr(0, end_of_type)), type)) {
    return std::nullopt;
  }
  const auto boundary = parameter(content_type.substr(end_of_type), "boundary");
  if (!boundary || boundary->empty() || boundary->size() > max_boundary) return std::nullopt;
  const std::string first = base::concat("--", *boundary, "\r\n");
  const std::string next = base::concat("\r\n--", *boundary);
  if (!body.starts_with(first)) return std::nullopt;
  body.remove_prefix(first.size());
  for (std::size_t count = 0; count < max_parts; ++count) {
    const std::size_t end = body.find(next);
    if (end == std::string_view::npos) return std::nullopt;
    const auto part = part_of(body.substr(0, end));
    if (!part) return std::nullopt;
    const std::size_t semicolon = std::min(part->disposition.find(';'), part->disposition.size());
    const std::string_view parameters = part->disposition.substr(semicolon);
    if (parameter(parameters, "name") == field) {
      return UploadedFile{parameter(parameters, "filename").value_or(""), part->content};
    }
    body.remove_prefix(end + next.size());
    if (!body.starts_with("\r\n")) return std::nullopt;  // "--": that was the last
    body.remove_prefix(2);
  }
  return std::nullopt;
}

}  // namespace merlon::steward_service
