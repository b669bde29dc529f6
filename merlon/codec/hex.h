#pragma once

// Hexadecimal text to bytes; the other way is base::hex.

#include <cstdint>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::codec {

/// Two digits for each byte, upper or lower case, nothing between. Malformed otherwise.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> decode_hex(std::string_view text);

}  // namespace merlon::codec
