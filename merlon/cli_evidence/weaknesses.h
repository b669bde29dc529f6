#pragma once

// What a policy leaves open, or shuts, that one may not have meant to. Pure; a policy that is
// accepted as one can have any number of these.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/verify/policy.h"

namespace merlon::cli_evidence {

struct Weakness {
  std::string what;         ///< a sentence
  std::string_view advice;  ///< by keys of policies of our own form; may be empty
};

/// Only of technologies that the policy accepts.
[[nodiscard]] std::vector<Weakness> weaknesses(const verify::Policy& policy);

/// Lists that accept none, each with what it shuts out, as a sentence; by keys of policies of our
/// own form, since a Steward's empty lists are none. Only of technologies that the policy accepts.
[[nodiscard]] std::vector<std::string> empty_lists(const verify::Policy& policy);

/// What refuses nearly everything, as a sentence; else empty.
[[nodiscard]] std::string_view too_strict(const verify::Policy& policy);

}  // namespace merlon::cli_evidence
