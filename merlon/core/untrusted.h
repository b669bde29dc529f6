#pragma once

// Untrusted<T>: a value that somebody else chose. It converts to nothing, compares with nothing and
// counts with nothing; it leaves only through a check that names the rule that it has to keep, and
// what leaves is a Result. In an enclave nothing is computed with it, not even on a guess, before
// the check has been made. Freestanding.
//
//   const std::uint64_t size = TRY(word.within(capacity, Violation::WrongSize));

#include <concepts>
#include <type_traits>
#include <utility>

#include "merlon/core/result.h"

namespace merlon::core {

/// Waits for all checks before: where the attacker shares the processor's predictors and looks at
/// its caches, which is in an enclave [Spectre variant 1; shims for them define MERLON_ENCLAVE].
constexpr void wait_for_checks() noexcept {
#ifdef MERLON_ENCLAVE
  if (!std::is_constant_evaluated()) {
    // SAFETY: orders instructions and does nothing else.
    asm volatile("lfence" : : : "memory");
  }
#endif
}

/// A T from outside. A rule is any value that says what was broken: it is the error of the Result.
template <std::integral T>
class [[nodiscard]] Untrusted {
 public:
  constexpr explicit Untrusted(T value) noexcept : value_(value) {}

  /// The value, if it is at most `most`.
  template <typename Rule>
  [[nodiscard]] constexpr Result<T, Rule> within(std::type_identity_t<T> most,
                                                 Rule rule) const noexcept {
    return such_that([most](T value) { return value <= most; }, std::move(rule));
  }
  /// The value, if it is `expected`.
  template <typename Rule>
  [[nodiscard]] constexpr Result<T, Rule> equal_to(std::type_identity_t<T> expected,
                                                   Rule rule) const noexcept {
    return such_that([expected](T value) { return value == expected; }, std::move(rule));
  }
  /// The value, if `judge` says so.
  template <std::predicate<T> Judge, typename Rule>
  [[nodiscard]] constexpr Result<T, Rule> such_that(Judge judge, Rule rule) const noexcept {
    if (!judge(value_)) return Unexpected<Rule>(std::move(rule));
    wait_for_checks();
    return value_;
  }

  /// The value, where none can do harm. Each use has a comment `// ANY:` that says why;
  /// tools/check_shared_memory.py looks for it.
  [[nodiscard]] constexpr T any_value_is_right() const noexcept { return value_; }

 private:
  T value_;
};

}  // namespace merlon::core
