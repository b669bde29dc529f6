#pragma once

// Distinguished names, kept as DER. Two names are equal if their bytes are.

#include <string>

#include "merlon/core/bytes.h"

namespace merlon::x509 {

/// The first commonName, or nothing; not made harmless for a terminal.
[[nodiscard]] std::string common_name(core::ByteView name);

/// "CN=…, O=…" for people, made harmless for a terminal. Never for comparing.
[[nodiscard]] std::string name_text(core::ByteView name);

}  // namespace merlon::x509
