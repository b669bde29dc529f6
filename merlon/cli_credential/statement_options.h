#pragma once

// What the statement commands have in common: a claim and a context, of options.

#include "merlon/cli_credential/door.h"
#include "merlon/statement/request.h"

namespace merlon::cli_credential {

/// What is claimed, of which the numbers are named elsewhere.
struct Equality {};
struct Total {
  std::int64_t total;
};
struct Asked {
  std::variant<Equality, zk::Threshold, Total> claim;
  std::vector<std::uint8_t> context;
};

/// One of --at-least, --equal, --sum, and --context or --context-hex.
[[nodiscard]] core::Result<Asked, Trouble> asked_of(const cli::Arguments& arguments);

/// "-2*03ab…": how often, and what; once where nothing is in front of it.
struct Times {
  std::int64_t times;
  std::string what;
};
/// Of an option that names numbers: one, two, or 1 to 32 of a sum, as the claim needs.
[[nodiscard]] core::Result<std::vector<Times>, Trouble> named_by(const cli::Arguments& arguments,
                                                                 std::string_view option,
                                                                 const Asked& asked);

}  // namespace merlon::cli_credential
