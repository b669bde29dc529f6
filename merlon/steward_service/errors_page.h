#pragma once

// A page that explains each code of a refusal; "#CODE" leads to one.

#include <span>
#include <string>
#include <string_view>

namespace merlon::steward_service {

struct CodeRow {
  unsigned status = 0;  ///< with which the server itself has this code; 0: with none
  std::string_view code;
  std::string_view wanted;
};

/// The rows of codes.def: codes of this service itself, beside those of steward and verify.
[[nodiscard]] std::span<const CodeRow> service_codes() noexcept;

/// HTML without a script, that loads nothing.
[[nodiscard]] std::string errors_page();

}  // namespace merlon::steward_service
