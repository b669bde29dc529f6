#pragma once

// A page for people: a tenant's keeps, and what each one's proof says. What it says is shown, not
// judged: whoever shows it is the one whom the tenant need not trust.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/gatehouse/keep_folder.h"
#include "merlon/http/message.h"

namespace merlon::gatehouse {

struct ListedKeep {
  KeepRecord record;
  KeepState state = KeepState::Lost;
  std::string end{};  ///< of one that has ended
  std::optional<launch::Proof> proof{};
};

/// HTML that loads nothing and runs nothing. All texts in it are escaped, since they are others'.
[[nodiscard]] std::string keeps_page(const std::vector<ListedKeep>& keeps, codec::UnixTime now);

/// For somebody who is no tenant.
[[nodiscard]] std::string stranger_page(std::string_view why);

/// A page as an answer, under a policy that allows its one style by its digest and nothing else
/// [CSP3].
[[nodiscard]] http::Response html_response(unsigned status, std::string html);

}  // namespace merlon::gatehouse
