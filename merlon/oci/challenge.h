#pragma once

// How a registry wants to know who asks: WWW-Authenticate [RFC9110 §11.6.1], and the answer of the
// server that gives tokens [DOCKER-TOKEN]. Attacker-controlled; bounded; pure.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::oci {

struct Challenge {
  std::string scheme;                                            ///< in small letters
  std::map<std::string, std::string, std::less<>> parameters{};  ///< names in small letters
  /// Empty if there is none.
  [[nodiscard]] std::string_view parameter(std::string_view name) const noexcept;
  bool operator==(const Challenge&) const = default;
};

/// Of one header's value, which may have more than one. Malformed: a name twice, no such header ·
/// Exhausted.
[[nodiscard]] core::Result<std::vector<Challenge>> parse_challenges(std::string_view header);

/// "token" or "access_token": what a header can hold. Malformed · Exhausted.
[[nodiscard]] core::Result<std::string> parse_token(std::string_view json);

/// Of {"errors":[{"code":…,"message":…}]}, as a line for people; empty if it is nothing like that.
[[nodiscard]] std::string error_text(std::string_view json);

}  // namespace merlon::oci
