#pragma once

// For fuzzers of evidence: a parser that gives a value or an error for any bytes, and nothing else.

#include <cstdint>
#include <cstdlib>

#include "merlon/core/bytes.h"
#include "merlon/core/error.h"

namespace merlon::fuzz {

/// An error of ours is a defect: what foreign bytes cause has another code.
inline void expect_no_defect(const core::Error& error) {
  if (error.code == core::ErrorCode::Internal) std::abort();
}

}  // namespace merlon::fuzz

/// A fuzz target that parses its input by `...`, an expression of `bytes` that gives a Result.
#define MERLON_FUZZ_PARSER(...)                                                       \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    const merlon::core::ByteView bytes(data, size);                                   \
    const auto result = (__VA_ARGS__);                                                \
    if (!result) merlon::fuzz::expect_no_defect(result.error());                      \
    return 0;                                                                         \
  }
