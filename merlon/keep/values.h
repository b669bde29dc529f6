#pragma once

// Arguments and results of `--invoke` as texts.

#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/wasm/exec/value.h"

namespace merlon::keep {

/// Reads an argument: integers in decimal or 0x… hexadecimal, signed or unsigned within the type's
/// range; floats as C writes them, "inf" and "nan" among them.
///
/// Errors: Malformed (not such a number) · Unsupported (vectors and references).
[[nodiscard]] core::Result<wasm::Value> parse_value(std::string_view text, wasm::ValueType type);

/// A result: integers signed in decimal, floats in the fewest digits that tell them apart, vectors
/// as 0x… hexadecimal, references as "null" or "reference".
[[nodiscard]] std::string format_value(const wasm::Value& value);

}  // namespace merlon::keep
