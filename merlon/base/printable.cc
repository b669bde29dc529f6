#include "merlon/base/printable.h"

#include <algorithm>
#include <array>

#include "merlon/base/characters.h"
#include "merlon/base/text.h"

namespace merlon::base {
namespace {

/// The size of the colour that `text` starts with, else 0.
std::size_t colour_at(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 4> colours{"\x1b[0m", "\x1b[31m", "\x1b[32m", "\x1b[33m"};
  const auto* found =
      std::ranges::find_if(colours, [&](std::string_view each) { return text.starts_with(each); });
  return found == colours.end() ? 0 : found->size();
}

}  // namespace

Printable Printable::line(std::string_view text, std::size_t max_bytes) {
  return Printable(printable(text, max_bytes));
}

Printable Printable::lines(std::string_view text, Colours colours) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::size_t size = colours == Colours::Kept ? colour_at(text) : 0;
    if (size == 0 && (text[0] == '\n' || text[0] == '\t')) size = 1;
    if (size != 0) {
      out.append(text.substr(0, size));
    } else {
      size = append_printable(out, text);
    }
    text.remove_prefix(size);
  }
  return Printable(std::move(out));
}

}  // namespace merlon::base
