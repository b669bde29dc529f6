#pragma once

// A page for people: a tenant's keeps, and what each one's proof says. What it says is shown, not
// judged: whoever shows it is the one whom the tenant need not trust.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/gatehouse/keep_folder.h"

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

}  // namespace merlon::gatehouse
