#include "merlon/codec/toml_depth.h"

#include <algorithm>

namespace merlon::codec {

namespace {

/// Follows strings, comments and brackets, and counts the points outside of strings.
class Points {
 public:
  explicit Points(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] bool are_too_many() noexcept {
    while (!rest_.empty()) {
      take(rest_.front());
      if (header_ + points_ >= max_toml_depth) return true;  // a name more than points
    }
    return false;
  }

 private:
  void take(char c) noexcept {
    if (c == '"' || c == '\'') return pass_string(c);
    if (c == '#') return skip(std::min(rest_.find('\n'), rest_.size()));
    skip(1);
    if (c == '[' && begins_ && open_ == 0) is_header_ = true;
    begins_ = (begins_ && (c == ' ' || c == '\t' || c == '\r')) || c == '\n';
    if (c == '[' || c == '{') ++open_;
    if ((c == ']' || c == '}') && open_ > 0) --open_;
    if (c == '.') ++points_;
    if (c == '\n' && open_ == 0) end_statement();
  }

  void end_statement() noexcept {
    if (is_header_) header_ = points_ + 1;
    is_header_ = false;
    points_ = 0;
  }

  void pass_string(char quote) noexcept {
    begins_ = false;
    const bool is_long = rest_.size() > 2 && rest_[1] == quote && rest_[2] == quote;
    skip(is_long ? 3 : 1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '\\' && quote == '"') {
        skip(2);
      } else if (c != quote) {
        if (c == '\n' && !is_long) return;  // no string, and no TOML from here on
        skip(1);
      } else if (!is_long) {
        return skip(1);
      } else {
        const std::size_t quotes = std::min(rest_.find_first_not_of(quote), rest_.size());
        skip(std::min(quotes, std::size_t{5}));  // two of which may be the string's own
        if (quotes > 2) return;
      }
    }
  }

  void skip(std::size_t size) noexcept { rest_.remove_prefix(std::min(size, rest_.size())); }

  std::string_view rest_;
  std::size_t open_ = 0;    ///< brackets
  bool begins_ = true;      ///< nothing but blanks on this line
  bool is_header_ = false;  ///< of a table
  std::size_t header_ = 0;  ///< names in the last
  std::size_t points_ = 0;  ///< in this statement
};

}  // namespace

bool is_too_deep(std::string_view text) noexcept { return Points(text).are_too_many(); }

}  // namespace merlon::codec
