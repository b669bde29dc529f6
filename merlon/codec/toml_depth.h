#pragma once

// What toml++ bounds of values within values and does not bound of keys: "a.a.a = 1" is a table for
// each name, within each other, and whoever frees one frees those within it, on the stack.

#include <string_view>

namespace merlon::codec {

/// Deeper than anybody writes.
inline constexpr unsigned max_toml_depth = 256;

/// Whether the keys of one statement of a TOML text, with those of the header above it, have more
/// than max_toml_depth names. `text` is attacker-controlled and need not be TOML: what is counted
/// is right up to where it is none any more. Pure; linear.
[[nodiscard]] bool is_too_deep(std::string_view text) noexcept;

}  // namespace merlon::codec
