#pragma once

// What a policy leaves open that one may not have meant to leave open. Pure; a policy that is
// accepted as one can have any number of these.

#include <string_view>
#include <vector>

#include "merlon/verify/policy.h"

namespace merlon::appraise {

struct Weakness {
  std::string_view what;    ///< a sentence
  std::string_view advice;  ///< by keys of policies of our own form; may be empty
};

/// Only of technologies that the policy accepts.
[[nodiscard]] std::vector<Weakness> weaknesses(const verify::Policy& policy);

}  // namespace merlon::appraise
