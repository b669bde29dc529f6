#pragma once

// Result<T, E>: a value or the reason why there is none, with the names of std::expected (which
// C++20 lacks), and TRY, which hands a reason up to the caller. Freestanding; never throws.

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "merlon/core/check.h"
#include "merlon/core/error.h"

namespace merlon::core {

/// Wraps an E so that a Result<T, E> can be made from it without ambiguity.
template <typename E>
class Unexpected {
 public:
  constexpr explicit Unexpected(E error) : error_(std::move(error)) {}
  [[nodiscard]] constexpr E& error() noexcept { return error_; }

 private:
  E error_;
};

/// A T, or an E. Reading the one that is not there aborts.
template <typename T, typename E = Error>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T> && !std::is_reference_v<E>);

 public:
  using value_type = T;
  using error_type = E;

  constexpr Result(
      T initial) noexcept  // NOLINT(google-explicit-constructor): returning a T is the point
      : has_value_(true) {
    std::construct_at(&value_, std::move(initial));
  }
  constexpr Result(E failure) noexcept  // NOLINT(google-explicit-constructor)
    requires(!std::is_same_v<T, E>)
      : has_value_(false) {
    std::construct_at(&error_, std::move(failure));
  }
  constexpr Result(Unexpected<E> unexpected) noexcept  // NOLINT(google-explicit-constructor)
      : has_value_(false) {
    std::construct_at(&error_, std::move(unexpected.error()));
  }
  constexpr Result(const Result& other)
    requires(std::is_copy_constructible_v<T> && std::is_copy_constructible_v<E>)
      : has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(&value_, other.value_);
    } else {
      std::construct_at(&error_, other.error_);
    }
  }
  constexpr Result(Result&& other) noexcept : has_value_(other.has_value_) {
    if (has_value_) {
      std::construct_at(&value_, std::move(other.value_));
    } else {
      std::construct_at(&error_, std::move(other.error_));
    }
  }
  constexpr Result& operator=(Result other) noexcept {
    std::destroy_at(this);
    std::construct_at(this, std::move(other));
    return *this;
  }
  constexpr ~Result() {
    if (has_value_) {
      std::destroy_at(&value_);
    } else {
      std::destroy_at(&error_);
    }
  }

  [[nodiscard]] constexpr bool has_value() const noexcept { return has_value_; }
  constexpr explicit operator bool() const noexcept { return has_value_; }

  [[nodiscard]] constexpr T& value() & noexcept {
    MERLON_CHECK(has_value_);
    return value_;
  }
  [[nodiscard]] constexpr const T& value() const& noexcept {
    MERLON_CHECK(has_value_);
    return value_;
  }
  [[nodiscard]] constexpr T&& value() && noexcept {
    MERLON_CHECK(has_value_);
    return std::move(value_);
  }
  [[nodiscard]] constexpr T& operator*() & noexcept { return value(); }
  [[nodiscard]] constexpr const T& operator*() const& noexcept { return value(); }
  [[nodiscard]] constexpr T&& operator*() && noexcept { return std::move(*this).value(); }
  [[nodiscard]] constexpr T* operator->() noexcept { return &value(); }
  [[nodiscard]] constexpr const T* operator->() const noexcept { return &value(); }

  [[nodiscard]] constexpr E& error() & noexcept {
    MERLON_CHECK(!has_value_);
    return error_;
  }
  [[nodiscard]] constexpr const E& error() const& noexcept {
    MERLON_CHECK(!has_value_);
    return error_;
  }
  [[nodiscard]] constexpr E&& error() && noexcept {
    MERLON_CHECK(!has_value_);
    return std::move(error_);
  }

  template <typename U>
  [[nodiscard]] constexpr T value_or(U&& fallback) && {
    return has_value_ ? std::move(value_) : static_cast<T>(std::forward<U>(fallback));
  }

 private:
  bool has_value_;
  union {
    T value_;
    E error_;
  };
};

/// Success without a value, or an E.
template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  constexpr Result() noexcept : has_value_(true) {}
  constexpr Result(E failure) noexcept  // NOLINT(google-explicit-constructor)
      : has_value_(false), error_(std::move(failure)) {}
  constexpr Result(Unexpected<E> unexpected) noexcept  // NOLINT(google-explicit-constructor)
      : has_value_(false), error_(std::move(unexpected.error())) {}

  [[nodiscard]] constexpr bool has_value() const noexcept { return has_value_; }
  constexpr explicit operator bool() const noexcept { return has_value_; }
  constexpr void value() const noexcept { MERLON_CHECK(has_value_); }
  constexpr void operator*() const noexcept { value(); }
  [[nodiscard]] constexpr const E& error() const& noexcept {
    MERLON_CHECK(!has_value_);
    return error_;
  }
  [[nodiscard]] constexpr E&& error() && noexcept {
    MERLON_CHECK(!has_value_);
    return std::move(error_);
  }

 private:
  bool has_value_;
  E error_{};
};

/// The value of a Result known to have one; unlike value() it may be dropped (`TRY(reader.u8());`).
template <typename T, typename E>
constexpr T take(Result<T, E>&& result) noexcept {
  return *std::move(result);
}

}  // namespace merlon::core

/// `auto x = TRY(f());` yields f()'s value, or returns its error from the enclosing function.
/// May be nested. Not for use in default arguments or constants.
#define TRY(...)                                                                               \
  __extension__({                                                                              \
    _Pragma("GCC diagnostic push")                                                             \
        _Pragma("GCC diagnostic ignored \"-Wshadow\"") auto merlon_try_result = (__VA_ARGS__); \
    if (!merlon_try_result.has_value()) [[unlikely]]                                           \
      return ::merlon::core::Unexpected(::std::move(merlon_try_result).error());               \
    _Pragma("GCC diagnostic pop")::merlon::core::take(::std::move(merlon_try_result));         \
  })
