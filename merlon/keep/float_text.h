#pragma once

// A floating-point number as text.

#include <string>

namespace merlon::keep {

/// The shortest decimal that is read back as `number`, fixed or with an exponent, whichever has
/// fewer characters; "inf", "nan". What std::to_chars() says, whose tables alone would be a
/// fortieth of a keep's memory at its start.
[[nodiscard]] std::string float_text(float number);
[[nodiscard]] std::string float_text(double number);

}  // namespace merlon::keep
