#pragma once

// MERLON_CHECK guards invariants between our own parts, in every build. Never for input.

namespace merlon::core {

[[noreturn]] inline void invariant_broken() noexcept { __builtin_trap(); }

}  // namespace merlon::core

#define MERLON_CHECK(condition) \
  (__builtin_expect(static_cast<bool>(condition), 1) ? (void)0 : ::merlon::core::invariant_broken())
