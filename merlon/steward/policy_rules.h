#pragma once

// What a policy comes to, for people: the rules that are compared, and what is not.

#include <string>
#include <vector>

#include "merlon/verify/policy.h"

namespace merlon::steward {

/// Every rule that is compared, each a line that begins with its technology: "SGX: MRENCLAVE is one
/// of 2: 01ab…, 02cd…". In a fixed order; harmless for a terminal.
[[nodiscard]] std::vector<std::string> effective_rules(const verify::Policy& policy);

/// What whoever wrote the policy should know, each a line: a technology of which nothing is
/// compared, rules that can match nothing.
[[nodiscard]] std::vector<std::string> policy_warnings(const verify::Policy& policy);

/// Rules that no evidence at all can meet, each a line: a list that accepts none, a bound above its
/// greatest value, the same value accepted and refused.
[[nodiscard]] std::vector<std::string> impossible_rules(const verify::Policy& policy);

}  // namespace merlon::steward
