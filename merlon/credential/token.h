#pragma once

// A presentation as it is sent, for instance in a header of HTTP: base64url of the key's id and the
// presentation. Pure. Tokens are attacker-controlled.

#include "merlon/credential/key_record.h"

namespace merlon::credential {

inline constexpr std::string_view header_name = "Merlon-Credential";

struct Token {
  static constexpr std::size_t max_size = std::size_t{32} << 10U;  ///< of the text

  KeyId key;
  Bytes presentation;

  [[nodiscard]] std::string to_text() const;
  /// Malformed · Exhausted. The presentation is not looked into: how long it is, its key's limit
  /// says.
  [[nodiscard]] static core::Result<Token> parse(std::string_view text);
};

}  // namespace merlon::credential
