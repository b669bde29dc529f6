#pragma once

// Private to the room: text as other programs write bytes.

#include <optional>
#include <string_view>

#include "merlon/evidence/wrapping.h"

namespace merlon::evidence {

/// The text that the bytes are, without the mark of UTF-8 and blanks around it; nothing if their
/// first bytes cannot be text.
[[nodiscard]] std::optional<std::string_view> text_of(core::ByteView bytes) noexcept;

/// Digits in groups and lines, with or without "0x" in front.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_hexadecimal(core::ByteView bytes);
/// As xxd and hexdump -C print it, with "*" for lines that repeat.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_dump(core::ByteView bytes);
/// An array of numbers as C, Go and JSON have it.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_array(core::ByteView bytes);
/// Either alphabet, with or without padding.
[[nodiscard]] std::optional<core::Result<Inside>> unwrap_base64(core::ByteView bytes);

}  // namespace merlon::evidence
