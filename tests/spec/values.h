#pragma once

// Constants of a script, as arguments and as what results are held against.

#include "merlon/wasm/exec/value.h"

#include "tests/spec/script.h"

namespace merlon::spec {

/// The argument that e.g. (i32.const 0x2a) stands for. Null references get their type from it.
[[nodiscard]] core::Result<wasm::Value> parse_argument(const Node& node);

/// Does `value` match the expectation, NaN patterns and (either …) included?
[[nodiscard]] core::Result<bool> matches(const wasm::Value& value, const Node& expected);

/// For messages.
[[nodiscard]] std::string print(const wasm::Value& value);

}  // namespace merlon::spec
