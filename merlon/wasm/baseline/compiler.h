#pragma once

// The baseline compiler: one pass over a function, straight to x86-64 (v3: AVX2 and BMI).

#include "merlon/wasm/exec/compiler.h"

namespace merlon::wasm::baseline {

/// For Engine::create().
[[nodiscard]] std::unique_ptr<CompilerFactory> compilers();

}  // namespace merlon::wasm::baseline
