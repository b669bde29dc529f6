#pragma once

// Private to the room: values as texts of findings and claims.

#include <span>
#include <string>

#include "merlon/base/text.h"
#include "merlon/verify/policy.h"

namespace merlon::verify {

template <typename T>
[[nodiscard]] std::string hex_of(const T& bytes) {
  return base::hex(bytes.view());
}
[[nodiscard]] std::string hex_number(std::uint64_t value);

/// "any", or the values one after the other; at most three of them in full. What is all zeros says
/// so.
template <typename T>
[[nodiscard]] std::string wanted_of(const Accept<T>& accept) {
  if (accept.is_any()) return "any";
  std::string text;
  std::size_t shown = 0;
  for (const T& value : accept.values()) {
    if (shown == 3) return base::concat(text, " or ", accept.values().size() - 3, " more");
    text += base::concat(shown == 0 ? "" : " or ", value.is_zero() ? "zero" : hex_of(value));
    ++shown;
  }
  return text.empty() ? "none" : text;
}

/// The lines of a policy that name one value: "[snp]", "host_data = [\"00…\"]".
[[nodiscard]] std::string in_policy(std::string_view table, std::string_view key,
                                    std::string_view value);

[[nodiscard]] std::string text_of(const snp::TcbComponents& tcb);
[[nodiscard]] std::string text_of(const snp::FirmwareVersion& version);
[[nodiscard]] std::string svns_text(std::span<const std::uint8_t> components);

}  // namespace merlon::verify
