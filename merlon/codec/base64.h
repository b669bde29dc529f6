#pragma once

// Base 64 [RFC4648 §4]: strict, that is with padding and without bits that say nothing.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::codec {

/// Spaces, tabs and line ends are passed over. Malformed for anything else that is no digit, wrong
/// padding or unused bits that are not zero.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> decode_base64(std::string_view text);

/// As above, with the digits of base 64 or of base64url [RFC4648 §5] but not of both, and with or
/// without its padding: for what people hold, not for what is signed.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> decode_any_base64(std::string_view text);

/// The digits of base64url and nothing else, without padding, as signed tokens have them [RFC7515
/// §2]; of all spellings the one that is canonical.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> decode_base64url(std::string_view text);

/// As decode_base64url() takes it.
[[nodiscard]] std::string encode_base64url(core::ByteView bytes);

/// One line, with padding.
[[nodiscard]] std::string encode_base64(core::ByteView bytes);

}  // namespace merlon::codec
