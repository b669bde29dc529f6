#pragma once

// The script grammar of the official suite's binary form: s-expressions of words and strings.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::spec {

/// A word, a string, or a list of such. Strings are unescaped bytes.
struct Node {
  enum class Form : std::uint8_t { Word, String, List };
  Form form = Form::List;
  std::string text;
  std::vector<Node> items;
  std::uint32_t line = 0;

  /// The first word of a list; empty if there is none.
  [[nodiscard]] std::string_view head() const noexcept {
    const bool named = form == Form::List && !items.empty() && items[0].form == Form::Word;
    return named ? std::string_view(items[0].text) : std::string_view();
  }
};

/// All top-level lists of a script. Nesting is bounded.
[[nodiscard]] core::Result<std::vector<Node>> parse_script(std::string_view text);

}  // namespace merlon::spec
