#pragma once

// Pages for people who look for packages: what is public, and what is known of it. Pure; all texts
// in them are others' and escaped.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/registry_store/catalogue.h"

namespace merlon::drawbridge {

/// Repositories that a search has found. `next` is the name behind which there are more; empty:
/// there are none.
[[nodiscard]] std::string search_page(std::string_view search,
                                      const std::vector<registry_store::RepositorySummary>& found,
                                      std::string_view next);

/// A public repository with its whole tags, the newest first.
[[nodiscard]] std::string repository_page(const std::string& name,
                                          const std::vector<registry_store::Tag>& tags);

/// What there is not, or not for somebody whom nobody knows.
[[nodiscard]] std::string nothing_page();

/// "3.4 MiB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace merlon::drawbridge
