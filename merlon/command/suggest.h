#pragma once

// What somebody may have meant by a word that is not known.

#include <span>
#include <string>
#include <string_view>

namespace merlon::command {

/// "; did you mean WORD?" with the nearest of `known`; empty if none is near: two letters may be
/// missing, too many, changed or in each other's place, but not more than a third of the word.
[[nodiscard]] std::string suggestion(std::string_view word,
                                     std::span<const std::string_view> known);

}  // namespace merlon::command
