#include "merlon/keep/float_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdio>
#include <limits>
#include <string_view>

namespace merlon::keep {

namespace {

/// As printf writes it with `digits` digits behind the point.
std::string printed(const char* form, int digits, double number) {
  std::array<char, 400> text{};  // the largest double has 309 before it
  const int size = std::snprintf(text.data(), text.size(), form, digits, number);
  return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

template <std::floating_point T>
bool is_read_as(std::string_view text, T number) {
  T read{};
  std::from_chars(text.data(), text.data() + text.size(), read);
  return read == number;
}

int exponent_in(std::string_view text) {
  std::string_view digits = text.substr(text.find('e') + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int exponent = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  return exponent;
}

/// One more in the last digit.
std::string next_above(std::string text) {
  for (std::size_t at = text.find('e'); at-- > 0;) {
    if (text[at] < '0' || text[at] > '9') continue;
    if (text[at] != '9') {
      ++text[at];
      break;
    }
    text[at] = '0';
  }
  return text;
}

/// With as few digits as name it, `digits` behind the point. Above a power of two the next number
/// is twice as far as below it: what is nearest with so many digits may be read as the one below,
/// and the next as this one.
template <std::floating_point T>
std::string with_an_exponent(T number, int& digits) {
  for (digits = 0;; ++digits) {
    std::string text = printed("%.*e", digits, number);
    if (digits + 1 == std::numeric_limits<T>::max_digits10 || is_read_as(text, number)) return text;
    std::string above = next_above(text);
    if (is_read_as(above, number)) return above;
  }
}

template <std::floating_point T>
std::string shortest(T number) {
  int digits = 0;
  if (!std::isfinite(number)) return printed("%.*e", digits, number);
  const std::string with_exponent = with_an_exponent(number, digits);
  std::string fixed = printed("%.*f", std::max(digits - exponent_in(with_exponent), 0), number);
  return fixed.size() <= with_exponent.size() ? fixed : with_exponent;
}

}  // namespace

std::string float_text(float number) { return shortest(number); }
std::string float_text(double number) { return shortest(number); }

}  // namespace merlon::keep
