#pragma once

// Percent-encoding as addresses and some header fields have it [RFC3986 §2.1].

#include <string>
#include <string_view>

namespace merlon::codec {

/// Each "%" with two hexadecimal digits behind it becomes their byte; any other stays as it is.
[[nodiscard]] std::string decode_percent(std::string_view text);

/// What a part of a query or of a form can hold as it is: letters, digits, "-", ".", "_" and "~"
/// stay, each other byte becomes "%" and two digits.
[[nodiscard]] std::string encode_percent(std::string_view text);

}  // namespace merlon::codec
