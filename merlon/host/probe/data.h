#pragma once

// Data that more than one backend looks at; for the files of this room only.

#include "merlon/host/probe/platform.h"

namespace merlon::host::probe {

/// A datum whose remedy is told only when it fails.
[[nodiscard]] Datum datum(std::string_view name, Need need, bool pass, std::string info = "",
                          std::string_view remedy = "", unsigned depth = 0);

/// Something worth knowing that cannot fail.
[[nodiscard]] Datum note(std::string_view name, std::string info, unsigned depth = 0);

/// Whether a device can be opened; `missing` says what to do where there is none.
[[nodiscard]] Datum device(const Machine& machine, std::string_view path, std::string_view missing);

/// Whether this process's processor runs compiled code.
[[nodiscard]] Datum instructions(const Machine& machine);

/// /dev/kvm and the version of its interface, two data.
[[nodiscard]] std::vector<Datum> kvm_device(const Machine& machine);

/// Bit `bit` of `word`.
[[nodiscard]] constexpr bool has_bit(std::uint32_t word, unsigned bit) noexcept {
  return (word >> bit & 1U) != 0;
}

/// Bits `low` to `high` of `word`.
[[nodiscard]] constexpr std::uint32_t bits(std::uint32_t word, unsigned low,
                                           unsigned high) noexcept {
  return word >> low & ((std::uint32_t{2} << (high - low)) - 1);
}

}  // namespace merlon::host::probe
