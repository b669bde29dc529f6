#include "merlon/oci/challenge.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/json.h"

namespace merlon::oci {

using base::concat;
using codec::JsonDocument;
using codec::JsonKind;
using core::ErrorCode;

namespace {

constexpr std::size_t longest_header = 8192;
constexpr std::size_t most_challenges = 8;
constexpr std::size_t most_parameters = 16;
constexpr std::size_t longest_token = std::size_t{12} << 10U;  // of a head that servers take

core::Error malformed() {
  return core::error(ErrorCode::Malformed, "no WWW-Authenticate that makes sense");
}

bool is_token_char(char c) noexcept {
  const bool alphanumeric =
      (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string small(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), base::lower);
  return result;
}

class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) noexcept : text_(text) {}

  core::Result<std::vector<Challenge>> read() {
    std::vector<Challenge> all;
    for (skip(" \t,"); at_ < text_.size(); skip(" \t,")) {
      const std::string_view name = token();
      if (name.empty()) return malformed();
      const bool spaced = skip(" \t");
      if (at_ < text_.size() && text_[at_] == '=') {
        if (all.empty()) return malformed();
        TRY(read_parameter(all.back(), name));
        continue;
      }
      if (all.size() >= most_challenges) return malformed();
      all.push_back({small(name)});
      if (spaced) skip_token68();
    }
    return all;
  }

 private:
  bool skip(std::string_view these) noexcept {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_not_of(these, at_), text_.size());
    return at_ > begin;
  }
  std::string_view token() noexcept {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_token_char(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  /// "abc==", which is no parameter, since nothing follows the "=".
  void skip_token68() noexcept {
    std::size_t end = at_;
    while (end < text_.size() && (is_token_char(text_[end]) || text_[end] == '/')) ++end;
    while (end < text_.size() && text_[end] == '=') ++end;
    const std::size_t next = std::min(text_.find_first_not_of(" \t", end), text_.size());
    if (next == text_.size() || text_[next] == ',') at_ = next;
  }
  core::Result<void> read_parameter(Challenge& challenge, std::string_view name) {
    ++at_;  // "="
    skip(" \t");
    std::string value;
    if (at_ < text_.size() && text_[at_] == '"') {
      value = TRY(quoted());
    } else {
      value = token();
      if (value.empty()) return malformed();
    }
    skip(" \t");
    if (at_ < text_.size() && text_[at_] != ',') return malformed();
    const bool fresh = challenge.parameters.emplace(small(name), std::move(value)).second;
    if (!fresh || challenge.parameters.size() > most_parameters) return malformed();
    return {};
  }
  core::Result<std::string> quoted() {
    std::string value;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        return value;
      }
      if (c == '\\' && ++at_ < text_.size()) c = text_[at_];
      if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) return malformed();
      value += c;
    }
    return malformed();
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view Challenge::parameter(std::string_view name) const noexcept {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

core::Result<std::vector<Challenge>> parse_challenges(std::string_view header) {
  if (header.size() > longest_header) {
    return core::error(ErrorCode::Exhausted, "WWW-Authenticate is too long");
  }
  return HeaderReader(header).read();
}

core::Result<std::string> parse_token(std::string_view json) {
  const auto document = TRY(JsonDocument::parse(json));
  const auto& root = document.root();
  if (root.kind() != JsonKind::Object) return malformed();
  const auto* found = root.find("token");
  if (found == nullptr || found->text().empty()) found = root.find("access_token");
  if (found == nullptr || found->text().empty()) {
    return core::error(ErrorCode::Malformed, "an answer without a token");
  }
  const std::string_view token = found->text();
  if (token.size() > longest_token) return core::error(ErrorCode::Exhausted, "a token too long");
  if (!std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7F; })) {
    return core::error(ErrorCode::Malformed, "a token that no header can hold");
  }
  return std::string(token);
}

std::string error_text(std::string_view json) {
  const auto document = JsonDocument::parse(json);
  if (!document || document->root().kind() != JsonKind::Object) return {};
  const auto errors = document->root().member("errors", JsonKind::Array);
  if (!errors || (*errors)->items().empty()) return {};
  const auto& first = (*errors)->items()[0];
  if (first.kind() != JsonKind::Object) return {};
  const auto code = first.string_member("code");
  const auto message = first.string_member("message");
  const std::string text = concat(code ? *code : std::string_view(), code && message ? ": " : "",
                                  message ? *message : std::string_view());
  return base::printable(text);
}

}  // namespace merlon::oci
