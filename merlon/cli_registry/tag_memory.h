#pragma once

// Which digest a tag had when it was last used here: a registry that shows another one has moved
// it, or lies. One small file for each, below the state directory.

#include <string>

#include "merlon/cli_registry/access.h"

namespace merlon::cli_registry {

class TagMemory {
 public:
  explicit TagMemory(std::string folder) noexcept : folder_(std::move(folder)) {}
  [[nodiscard]] static TagMemory of(const cli::Terminal& terminal);

  /// Refuses (Untrue) a tag whose root has another SHA-256 than is remembered, unless `accept`; and
  /// remembers the one it has. `slug` is named with its host.
  [[nodiscard]] Result<void> check(const registry::Slug& slug, const std::string& digest,
                                   bool accept) const;
  /// The same of any name with its tag, which has no "@" in it.
  [[nodiscard]] Result<void> check(const std::string& name, const std::string& digest,
                                   bool accept) const;

 private:
  [[nodiscard]] Result<std::string> remembered(const std::string& path,
                                               const std::string& name) const;
  std::string folder_;
};

}  // namespace merlon::cli_registry
