#pragma once

// What a request is about, by its path [ENARX drawbridge 0.4 crates/server/src/handle.rs]; pure.
// Attacker-controlled.

#include <string>
#include <string_view>

#include "merlon/drawbridge/refusal.h"

namespace merlon::drawbridge {

struct Target {
  enum class What : std::uint8_t {
    User,
    Repository,
    Tags,
    Tag,
    Tree,
    // What Enarx does not have.
    Repositories,  ///< all, or a user's
    Versions,
    Yank,
    Upload,
    Admission,
    Tokens,
    Token,
  };
  What what = What::User;
  std::string user;  ///< empty only where all repositories are meant
  std::string repository;
  std::string tag;
  std::string path;  ///< in the tree; empty: its root
  std::string id;    ///< of a token

  /// "user/repository".
  [[nodiscard]] std::string full_name() const { return user + "/" + repository; }
};

/// Of a path, without its query. 400: a name that cannot be · 404 · 501: a later version.
[[nodiscard]] Result<Target> parse_target(std::string_view path);

/// The value of a query's first field of that name, decoded; empty if there is none.
[[nodiscard]] std::string query_value(std::string_view target, std::string_view name);

}  // namespace merlon::drawbridge
