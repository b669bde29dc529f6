#pragma once

// Which capabilities a module asks for, told from the names it imports.

#include <string>
#include <string_view>
#include <vector>

namespace merlon::cli {

/// One kind of thing a program can touch, and the imports that ask for it.
struct Capability {
  std::string_view name;   ///< "directories"
  std::string_view grant;  ///< how a user gives it, e.g. "--dir"
  std::vector<std::string> imports;
};

/// An imported function.
struct ImportName {
  std::string_view module;
  std::string_view name;
};

/// In a fixed order, only those that are asked for; imports that no keep offers come last, under
/// the name "unknown imports".
[[nodiscard]] std::vector<Capability> capabilities_of(const std::vector<ImportName>& imports);

}  // namespace merlon::cli
