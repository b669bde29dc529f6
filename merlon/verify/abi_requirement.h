#pragma once

// Private to the room: what a Steward requires of the ABI that a guest asked for, in the language
// of Rust's crate semver: "1.51", ">=1.51, <2", "~1.51". [ENARX crates/attestation]

#include <cstdint>
#include <string>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::verify {

/// ABI versions, major * 256 + minor; both ends belong to it, and so it is never empty.
struct AbiRange {
  std::uint16_t min = 0;
  std::uint16_t max = 0xFFFF;
  friend bool operator==(const AbiRange&, const AbiRange&) = default;
};

/// What the crate's VersionReq says of the versions major.minor.0. Each of its comparators accepts
/// an interval of them, so all of them together do. The error is a line that says why not: what
/// the crate refuses too, pre-releases and builds, which an ABI does not have, and a requirement
/// that no version meets.
[[nodiscard]] core::Result<AbiRange, std::string> parse_abi_requirement(std::string_view text);

}  // namespace merlon::verify
