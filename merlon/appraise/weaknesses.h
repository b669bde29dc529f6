#pragma once

// What a policy leaves open that one may not have meant to leave open. Pure; a policy that is
// accepted as one can have any number of these.

#include <string_view>
#include <vector>

#include "merlon/verify/policy.h"

namespace merlon::appraise {

/// A sentence each, and only about technologies that the policy accepts.
[[nodiscard]] std::vector<std::string_view> weaknesses(const verify::Policy& policy);

}  // namespace merlon::appraise
