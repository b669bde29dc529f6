#pragma once

// Which Merlon this is; all programs of one build say the same.

#include <string_view>

namespace merlon::base {

inline constexpr std::string_view version = "0.1.0";

}  // namespace merlon::base
